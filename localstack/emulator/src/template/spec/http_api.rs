//! The HTTP API, its routes, and what it answers to requests from other origins.

use std::collections::BTreeMap;
use std::time::Duration;

/// One route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRouteSpec {
    /// The function's name.
    pub function: String,
    /// The route key, such as `GET /rates/{code}`, `ANY /{proxy+}` or `$default`.
    pub key: String,
    /// The logical id of its API.
    pub api: String,
    /// Whether requests must be signed: the authorizer `AWS_IAM`.
    pub needs_signature: bool,
    /// `TimeoutInMillis`: how long a response is waited for.
    pub timeout: Duration,
}

/// The HTTP API that the template's routes belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpApiSpec {
    /// Its name in the template.
    pub logical_id: String,
    /// `CorsConfiguration`.
    pub cors: Option<CorsSpec>,
    /// `StageVariables`.
    pub stage_variables: BTreeMap<String, String>,
    /// Whether routes may name the authorizer `AWS_IAM`: `Auth.EnableIamAuthorizer`.
    pub has_iam: bool,
    /// Whether routes that name no authorizer need a signature: `Auth.DefaultAuthorizer` is `AWS_IAM`.
    pub defaults_to_iam: bool,
    /// `Auth.DefaultAuthorizer`, when it is none that is emulated: routes that name no authorizer are not served then.
    pub unsupported_default_authorizer: Option<String>,
    /// What the template asks of it and does not get, as `Api (Property)`.
    pub(in crate::template) ignored: Vec<String>,
}

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
