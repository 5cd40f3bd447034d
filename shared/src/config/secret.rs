//! What a secret says: its text is a JSON object, and member `m` of the secret in `X_SECRET_ARN` is read as variable `X_M`, before the environment. The form
//! in which AWS keeps users of MSK, RDS and DocumentDB is one of these. Nothing here is fetched.

use serde_json::Value;

use super::{ConfigError, var};

/// A variable that names a secret, and what is read of that.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The variable with the secret's ARN.
    pub arn: &'static str,
    /// Its members that are known, and the variable as which each is read. All others are ignored.
    pub members: &'static [(&'static str, &'static str)],
}

/// All there are.
pub const SOURCES: [Source; 7] = [
    Source {
        arn: var::KAFKA_SECRET_ARN,
        members: &[("username", var::KAFKA_USERNAME), ("password", var::KAFKA_PASSWORD)],
    },
    Source {
        arn: var::REDIS_SECRET_ARN,
        members: &[
            ("username", var::REDIS_USERNAME),
            ("password", var::REDIS_PASSWORD),
            ("url", var::REDIS_URL),
        ],
    },
    Source {
        arn: var::DATABASE_SECRET_ARN,
        members: &[
            ("username", var::DATABASE_USERNAME),
            ("password", var::DATABASE_PASSWORD),
            ("url", var::DATABASE_URL),
        ],
    },
    Source {
        arn: var::MONGODB_SECRET_ARN,
        members: &[
            ("username", var::MONGODB_USERNAME),
            ("password", var::MONGODB_PASSWORD),
            ("uri", var::MONGODB_URI),
        ],
    },
    Source {
        arn: var::EXCHANGERATE_API_SECRET_ARN,
        members: &[("key", var::EXCHANGERATE_API_KEY)],
    },
    Source {
        arn: var::KOREAEXIM_API_SECRET_ARN,
        members: &[("key", var::KOREAEXIM_API_KEY)],
    },
    Source {
        arn: var::EDGE_SECRET_ARN,
        members: &[("key", var::EDGE_KEY)],
    },
];

/// The source of a variable, when a secret can give it.
#[must_use]
pub fn source_of(variable: &str) -> Option<&'static Source> {
    let gives = |source: &&Source| source.members.iter().any(|(_, name)| *name == variable);
    SOURCES.iter().find(gives)
}

impl Source {
    /// The variables that a secret with this text gives.
    ///
    /// # Errors
    /// [`ConfigError::Secret`] when it gives none, or something else than a text; it holds nothing of the secret.
    pub fn parse(&self, text: &str) -> Result<Vec<(&'static str, String)>, ConfigError> {
        let refused = |fault: String| ConfigError::Secret { name: self.arn, fault };
        // serde's own words would repeat what they refuse.
        let Ok(Value::Object(mut members)) = serde_json::from_str(text) else {
            return Err(refused("is no JSON object".to_owned()));
        };
        let mut given = Vec::new();
        for (member, variable) in self.members {
            match members.remove(*member) {
                None => {}
                Some(Value::String(value)) => given.push((*variable, value)),
                Some(_) => return Err(refused(format!("has a member {member:?} that is no string"))),
            }
        }
        if given.is_empty() {
            let known: Vec<&str> = self.members.iter().map(|(member, _)| *member).collect();
            return Err(refused(format!("has no member {}", known.join(" or "))));
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arn: &str, text: &str) -> Result<Vec<(&'static str, String)>, String> {
        let source = SOURCES.iter().find(|source| source.arn == arn).unwrap();
        source.parse(text).map_err(|error| format!("{error} {error:?}"))
    }

    #[test]
    fn a_member_is_read_as_the_variable_of_its_name() {
        for source in &SOURCES {
            let prefix = source.arn.strip_suffix("_SECRET_ARN").unwrap();
            for (member, variable) in source.members {
                assert_eq!(*variable, format!("{prefix}_{}", member.to_uppercase()));
                assert_eq!(source_of(variable), Some(source));
            }
        }
        assert_eq!(source_of(var::REDIS_CLUSTER), None);
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
        let expected = vec![("KOREAEXIM_API_KEY", "word".to_owned())];
        assert_eq!(parse("KOREAEXIM_API_SECRET_ARN", r#"{"key":"word"}"#), Ok(expected));
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
