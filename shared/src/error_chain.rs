//! An error with its causes as one line, for logs and answers. Every module may use it.

mod postgres;

/// The error and its causes in one line. Where PostgreSQL refused us because of a setting, the setting is named.
#[must_use]
pub fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut texts = Vec::new();
    for cause in causes {
        let setting = cause.downcast_ref().and_then(postgres::setting_to_blame);
        texts.push(cause.to_string());
        if let Some(setting) = setting {
            texts.push(setting);
            break;
        }
    }
    texts.join(": ")
}
