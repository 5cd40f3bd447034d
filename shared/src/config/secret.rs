//! What a secret says: its text is a JSON object, and member `m` of the secret in `X_SECRET_ARN` is read as variable `X_M`, before the environment. The form
//! in which AWS keeps users of MSK, RDS and DocumentDB is one of these. Keys of providers are in one secret, a member for each source. Nothing here is fetched.

use serde_json::Value;

use super::{ConfigError, var};
use crate::source::SOURCES;

/// A member of a secret, and the variable as which it is read.
pub type Member = (&'static str, &'static str);

/// A variable that names a secret, and what is read of that.
#[derive(Debug, PartialEq, Eq)]
pub struct Secret {
    /// The variable with the secret's ARN.
    pub arn: &'static str,
    members: Members,
}

/// The members of a secret that are known. All others are ignored.
#[derive(Debug, PartialEq, Eq)]
enum Members {
    /// These.
    Listed(&'static [Member]),
    /// One for each source that takes a key, by the source's own.
    BySource,
}

/// All there are.
pub const SECRETS: [Secret; 6] = [
    Secret {
        arn: var::KAFKA_SECRET_ARN,
        members: Members::Listed(&[("username", var::KAFKA_USERNAME), ("password", var::KAFKA_PASSWORD)]),
    },
    Secret {
        arn: var::REDIS_SECRET_ARN,
        members: Members::Listed(&[
            ("username", var::REDIS_USERNAME),
            ("password", var::REDIS_PASSWORD),
            ("url", var::REDIS_URL),
        ]),
    },
    Secret {
        arn: var::DATABASE_SECRET_ARN,
        members: Members::Listed(&[
            ("username", var::DATABASE_USERNAME),
            ("password", var::DATABASE_PASSWORD),
            ("url", var::DATABASE_URL),
        ]),
    },
    Secret {
        arn: var::MONGODB_SECRET_ARN,
        members: Members::Listed(&[
            ("username", var::MONGODB_USERNAME),
            ("password", var::MONGODB_PASSWORD),
            ("uri", var::MONGODB_URI),
        ]),
    },
    Secret {
        arn: var::PROVIDER_SECRET_ARN,
        members: Members::BySource,
    },
    Secret {
        arn: var::EDGE_SECRET_ARN,
        members: Members::Listed(&[("key", var::EDGE_KEY)]),
    },
];

/// The secret that can give a variable.
#[must_use]
pub fn secret_of(variable: &str) -> Option<&'static Secret> {
    let gives = |secret: &&Secret| secret.members().iter().any(|(_, name)| *name == variable);
    SECRETS.iter().find(gives)
}

impl Secret {
    /// The members that are known, and the variable as which each is read.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        match self.members {
            Members::Listed(members) => members.to_vec(),
            Members::BySource => SOURCES
                .iter()
                .filter_map(|source| Some((source.key, source.api_key_variable()?)))
                .collect(),
        }
    }

    /// The variables that a secret with this text gives.
    ///
    /// # Errors
    /// [`ConfigError::Secret`] when it gives none, or something else than a text; it holds nothing of the secret.
    pub fn parse(&self, text: &str) -> Result<Vec<(&'static str, String)>, ConfigError> {
        let refused = |fault: String| ConfigError::Secret { name: self.arn, fault };
        // serde's own words would repeat what they refuse.
        let Ok(Value::Object(mut object)) = serde_json::from_str(text) else {
            return Err(refused("is no JSON object".to_owned()));
        };
        let members = self.members();
        let mut given = Vec::new();
        for (member, variable) in &members {
            match object.remove(*member) {
                None => {}
                Some(Value::String(value)) => given.push((*variable, value)),
                Some(_) => return Err(refused(format!("has a member {member:?} that is no string"))),
            }
        }
        if given.is_empty() {
            let known: Vec<&str> = members.iter().map(|(member, _)| *member).collect();
            return Err(refused(format!("has no member {}", known.join(" or "))));
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arn: &str, text: &str) -> Result<Vec<(&'static str, String)>, String> {
        let secret = SECRETS.iter().find(|secret| secret.arn == arn).unwrap();
        secret.parse(text).map_err(|error| format!("{error} {error:?}"))
    }

    #[test]
    fn a_member_is_read_as_the_variable_of_its_name() {
        for secret in &SECRETS {
            let prefix = secret.arn.strip_suffix("_SECRET_ARN").unwrap();
            for (member, variable) in secret.members() {
                assert_eq!(secret_of(variable), Some(secret));
                if secret.arn != var::PROVIDER_SECRET_ARN {
                    assert_eq!(variable, format!("{prefix}_{}", member.to_uppercase()));
                }
            }
        }
        assert_eq!(secret_of(var::REDIS_CLUSTER), None);
    }

    #[test]
    fn keys_of_providers_are_in_one_secret_by_their_sources() {
        let text = r#"{"koreaexim":"word","exchangerate_api":"other","somebody":"third"}"#;
        let expected = vec![
            ("KOREAEXIM_API_KEY", "word".to_owned()),
            ("EXCHANGERATE_API_KEY", "other".to_owned()),
        ];
        assert_eq!(parse("PROVIDER_SECRET_ARN", text), Ok(expected));
        let error = parse("PROVIDER_SECRET_ARN", r#"{"key":"word"}"#).unwrap_err();
        assert!(
            error.contains("has no member") && error.contains("koreaexim"),
            "{error}"
        );
    }

    #[test]
    fn the_forms_that_aws_writes_are_read() {
        let of_rds = r#"{"username":"app","password":"word","engine":"postgres","host":"db","port":5432,"dbInstanceIdentifier":"x"}"#;
        let expected = vec![
            ("DATABASE_USERNAME", "app".to_owned()),
            ("DATABASE_PASSWORD", "word".to_owned()),
        ];
        assert_eq!(parse("DATABASE_SECRET_ARN", of_rds), Ok(expected));
        let of_msk = r#"{"username":"app","password":"word"}"#;
        let expected = vec![
            ("KAFKA_USERNAME", "app".to_owned()),
            ("KAFKA_PASSWORD", "word".to_owned()),
        ];
        assert_eq!(parse("KAFKA_SECRET_ARN", of_msk), Ok(expected));
    }

    #[test]
    fn what_cannot_be_read_names_the_variable_and_shows_nothing() {
        for (text, fault) in [
            ("hidden-one", "is no JSON object"),
            (r#""hidden-one""#, "is no JSON object"),
            (r#"["hidden-one"]"#, "is no JSON object"),
            (r#"{"password":"hidden-one""#, "is no JSON object"),
            (
                r#"{"passwd":"hidden-one"}"#,
                "has no member username or password or url",
            ),
            (
                r#"{"username":"hidden-one","password":17}"#,
                "has a member \"password\" that is no string",
            ),
        ] {
            let error = parse("REDIS_SECRET_ARN", text).unwrap_err();
            let expected = format!("environment variable REDIS_SECRET_ARN names a secret that {fault}");
            assert!(error.starts_with(&expected) && !error.contains("hidden-one"), "{error}");
        }
    }
}
