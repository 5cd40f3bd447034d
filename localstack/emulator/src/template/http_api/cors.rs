//! `CorsConfiguration` of an HTTP API.

use std::time::Duration;

use crate::template::error::TemplateError;
use crate::template::properties::Properties;
use crate::template::spec::CorsSpec;

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
                return Err(api.property_error(name, Some(&value), "true, false or a mapping"));
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
