//! Why PostgreSQL does not let us in, in terms of the settings.

use crate::certificate::{Fault, text_of};
use crate::config::var::{DATABASE_CA_FILE, DATABASE_SECRET_ARN, DATABASE_URL};
use crate::refused_login;

/// Which setting is to blame, when one is. The server's own words stand before it and are not repeated. That a user is refused is noted, because the secrets
/// may have changed: every error of PostgreSQL comes here before it is logged or answered.
///
/// SQLSTATE codes: PostgreSQL's manual, appendix A.
pub(super) fn setting_to_blame(error: &sqlx::Error) -> Option<String> {
    let text = text_of(error);
    if let Some(fault) = Fault::of(&text) {
        let setting = format!("{DATABASE_CA_FILE} (or sslrootcert in {DATABASE_URL})");
        return Some(fault.sentence(DATABASE_URL, &setting, None));
    }
    match error {
        sqlx::Error::Database(refused) => {
            let code = refused.code()?;
            if matches!(&*code, "28P01" | "28000") {
                refused_login::note();
            }
            match &*code {
                "28P01" => Some(format!(
                    "PostgreSQL refused the user in {DATABASE_URL}: wrong user or password, there or in the secret of {DATABASE_SECRET_ARN}"
                )),
                "28000" if text.contains("no encryption") => Some(format!(
                    "PostgreSQL lets this user in over TLS only: {DATABASE_URL} needs sslmode=verify-full"
                )),
                "28000" => Some(format!(
                    "PostgreSQL has no rule that lets in the user of {DATABASE_URL} from here"
                )),
                // PgBouncer, whose default refuses what sqlx says when it connects.
                "08P01" if text.contains("startup parameter") => Some(format!(
                    "{DATABASE_URL} leads to a pooler that does not know this parameter: PgBouncer's setting ignore_startup_parameters has to name it"
                )),
                "3D000" => Some(format!("the database in {DATABASE_URL} does not exist")),
                _ => None,
            }
        }
        sqlx::Error::Tls(_) => Some(format!("TLS failed as sslmode in {DATABASE_URL} wants it")),
        _ => None,
    }
}
