//! What the function is asked to do.

use serde::Deserialize;
use serde_json::Value;
use shared::currency::CurrencyCode;

use crate::error::IngestError;
use crate::provider::key::ProviderKey;

/// What the function is asked to do. The default is a scheduled run: the chain of the settings, only what is new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Ask this provider alone; the others may still confirm a jump.
    pub provider: Option<ProviderKey>,
    /// Ask although the provider is not due, and publish what is already published. Circuits and checks hold all the same.
    pub force: bool,
    /// Publish what is held back of these currencies, and ask no provider. KRW stands for whole documents. Empty: nothing is asked for.
    pub release: Vec<CurrencyCode>,
    /// Ask nobody and publish nothing: that there is an answer shows that the function is alive.
    pub check: bool,
}

impl Request {
    /// Whether the function's input is a scheduled event: those of EventBridge's rules and of its scheduler have a `detail-type`.
    #[must_use]
    pub fn is_scheduled(input: &Value) -> bool {
        input.get("detail-type").is_some()
    }

    /// Reads the function's input: EventBridge's scheduled event (whatever it holds), nothing, `{"provider": "ecb", "force": true}`,
    /// `{"provider": "ecb", "release": ["CHF"]}` or `{"check": true}`.
    ///
    /// # Errors
    /// [`IngestError::Input`], [`IngestError::UnknownProvider`] or [`IngestError::UnknownCurrency`].
    pub fn from_input(input: Value) -> Result<Self, IngestError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Direct {
            provider: Option<String>,
            #[serde(default)]
            force: bool,
            release: Option<Vec<String>>,
            #[serde(default)]
            check: bool,
        }
        // Anything else is meant for us, so a misspelt field is an error.
        if input.is_null() || Self::is_scheduled(&input) {
            return Ok(Self::default());
        }
        let direct: Direct = serde_json::from_value(input).map_err(|error| IngestError::Input(error.to_string()))?;
        let provider = direct.provider.map(|name| name.parse()).transpose()?;
        let codes = direct.release.iter().flatten().map(|code| code.parse::<CurrencyCode>());
        let release = codes.collect::<Result<Vec<_>, _>>()?;
        if direct.release.is_some() && (release.is_empty() || direct.force) {
            let reason = "release must name a currency, and goes without force";
            return Err(IngestError::Input(reason.to_owned()));
        }
        if direct.check && (provider.is_some() || direct.force || direct.release.is_some()) {
            return Err(IngestError::Input("check goes without anything else".to_owned()));
        }
        Ok(Self {
            provider,
            force: direct.force,
            release,
            check: direct.check,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scheduled_event_asks_for_the_chain() {
        let rule = json!({"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}});
        let scheduler =
            json!({"version": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler", "detail": "{}"});
        for input in [rule, scheduler, json!(null), json!({})] {
            assert_eq!(Request::from_input(input).unwrap(), Request::default());
        }
    }

    #[test]
    fn a_request_may_name_a_provider_and_force() {
        let request = Request::from_input(json!({"provider": "koreaexim", "force": true})).unwrap();
        assert_eq!(
            request,
            Request {
                provider: Some("koreaexim".parse().unwrap()),
                force: true,
                ..Request::default()
            }
        );
    }

    #[test]
    fn a_request_may_release_currencies_by_code() {
        let request = Request::from_input(json!({"release": ["CHF", "KRW"]})).unwrap();
        assert_eq!(request.release, ["CHF".parse().unwrap(), CurrencyCode::KRW]);
        for (input, reason) in [
            (json!({"release": ["chf"]}), "release: unknown currency \"chf\""),
            (json!({"release": ["CHF", "*"]}), "release: unknown currency \"*\""),
            (json!({"release": []}), "release must name a currency"),
            (json!({"release": ["CHF"], "force": true}), "goes without force"),
            (json!({"release": "CHF"}), "expected a sequence"),
        ] {
            let error = Request::from_input(input).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_check_goes_without_anything_else() {
        assert!(Request::from_input(json!({"check": true})).unwrap().check);
        for input in [
            json!({"check": true, "force": true}),
            json!({"check": true, "provider": "ecb"}),
            json!({"check": true, "release": ["CHF"]}),
        ] {
            let error = Request::from_input(input).unwrap_err().to_string();
            assert!(error.contains("check goes without anything else"), "{error}");
        }
    }

    #[test]
    fn an_unknown_provider_and_a_misspelt_field_are_named() {
        let unknown = Request::from_input(json!({"provider": "bok"})).unwrap_err().to_string();
        assert_eq!(
            unknown,
            format!("unknown provider \"bok\": allowed are {}", shared::source::allowed())
        );
        let misspelt = Request::from_input(json!({"forced": true})).unwrap_err().to_string();
        assert!(misspelt.contains("unknown field `forced`"), "{misspelt}");
    }
}
