//! `CorsConfiguration` of an HTTP API.

use std::time::Duration;

use super::{Properties, TemplateError};

/// What the API itself says about requests from other origins.
///
/// Source: "HttpApiCorsConfiguration", AWS SAM developer guide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsSpec {
    /// `AllowOrigins`: origins, `*`, `http://*` or `https://*`.
    pub allow_origins: Vec<String>,
    /// `AllowMethods`.
    pub allow_methods: Vec<String>,
    /// `AllowHeaders`.
    pub allow_headers: Vec<String>,
    /// `ExposeHeaders`.
    pub expose_headers: Vec<String>,
    /// `AllowCredentials`.
    pub allow_credentials: bool,
    /// `MaxAge`.
    pub max_age: Option<Duration>,
}

pub(super) fn read(api: &Properties<'_>) -> Result<Option<CorsSpec>, TemplateError> {
    let name = "CorsConfiguration";
    let any = || vec!["*".to_owned()];
    match api.value(name)? {
        None => Ok(None),
        Some(value) if value == false => Ok(None),
        // SAM's short form: everything is allowed.
        Some(value) if value == true => Ok(Some(CorsSpec {
            allow_origins: any(),
            allow_methods: any(),
            allow_headers: any(),
            ..CorsSpec::default()
        })),
        Some(value) => {
            let Some(cors) = api.nested(name)? else {
                return Err(api.refuse(name, Some(&value), "true, false or a mapping"));
            };
            let max_age = cors.whole("MaxAge", 0..=86_400)?;
            Ok(Some(CorsSpec {
                allow_origins: cors.texts("AllowOrigins")?,
                allow_methods: cors.texts("AllowMethods")?,
                allow_headers: cors.texts("AllowHeaders")?,
                expose_headers: cors.texts("ExposeHeaders")?,
                allow_credentials: cors.flag("AllowCredentials", false)?,
                max_age: max_age.map(|seconds| Duration::from_secs(seconds.unsigned_abs())),
            }))
        }
    }
}
