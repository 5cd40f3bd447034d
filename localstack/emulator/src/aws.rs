//! What stands in for an AWS account: its region, number, user and ARNs, and what Lambda allows in one payload.
//!
//! Every room may enter; nothing here opens a connection.

/// The region every ARN names.
pub const REGION: &str = "us-east-1";
/// The account every ARN names.
pub const ACCOUNT: &str = "000000000000";
/// The access key of the account's one user.
pub const ACCESS_KEY: &str = "local";
/// Its secret.
pub const SECRET_KEY: &str = "local";

/// The largest event and the largest response, in bytes: 6 MB and a little, as Lambda counts it.
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// The ARN of a function.
pub(crate) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// The ARN of a queue.
pub(crate) fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// The ARN of an MSK cluster, for which the emulator's own Kafka stands in.
pub(crate) fn cluster_arn(name: &str) -> String {
    format!("arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/{name}/00000000-0000-0000-0000-000000000000-1")
}

/// The plain function name in `name`, `name:qualifier`, `account:function:name` or an ARN.
pub(crate) fn function_name(reference: &str) -> &str {
    let name = match reference.split_once("function:") {
        Some((_, rest)) => rest,
        None => reference,
    };
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_name_and_by_arn() {
        for name in [
            "rates",
            "rates:$LATEST",
            "000000000000:function:rates",
            "arn:aws:lambda:us-east-1:000000000000:function:rates",
            "arn:aws:lambda:us-east-1:000000000000:function:rates:7",
        ] {
            assert_eq!(function_name(name), "rates");
        }
    }
}
