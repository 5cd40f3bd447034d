//! Who traces: the function, its version and its instance.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

use crate::config::{Get, optional, var};

/// The attributes of all spans of this process (OpenTelemetry semantic conventions, "FaaS resource" and "AWS Lambda resource").
pub(super) fn resource(get: Get<'_>) -> Resource {
    let mut attributes = vec![
        KeyValue::new("service.namespace", "hwanyul"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("cloud.provider", "aws"),
        KeyValue::new("cloud.platform", "aws_lambda"),
    ];
    for (name, variable) in [
        ("service.name", var::FUNCTION_NAME),
        ("faas.name", var::FUNCTION_NAME),
        ("faas.version", var::FUNCTION_VERSION),
        ("faas.instance", var::LOG_STREAM),
        ("cloud.region", var::AWS_REGION),
    ] {
        attributes.extend(optional(get, variable).map(|value| KeyValue::new(name, value)));
    }
    // In bytes; Lambda says MB and means 1024 × 1024 of them.
    let memory = optional(get, var::MEMORY_SIZE).and_then(|megabytes| megabytes.parse::<i64>().ok());
    attributes.extend(memory.map(|megabytes| KeyValue::new("faas.max_memory", megabytes * 1024 * 1024)));
    Resource::builder().with_attributes(attributes).build()
}

#[cfg(test)]
mod tests {
    use opentelemetry::{Key, Value};

    use super::*;

    #[test]
    fn lambdas_variables_say_who_traces() {
        let get = |name: &str| {
            let value = match name {
                var::FUNCTION_NAME => "currency-api",
                var::FUNCTION_VERSION => "7",
                var::AWS_REGION => "ap-northeast-2",
                var::MEMORY_SIZE => "256",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let resource = resource(&get);
        let is = |name: &'static str, value: Value| assert_eq!(resource.get(&Key::new(name)), Some(value), "{name}");
        is("service.name", "currency-api".into());
        is("faas.name", "currency-api".into());
        is("faas.version", "7".into());
        is("cloud.region", "ap-northeast-2".into());
        is("cloud.provider", "aws".into());
        is("faas.max_memory", Value::I64(268_435_456));
        assert_eq!(resource.get(&Key::new("faas.instance")), None);
    }
}
