//! What is wrong with a server's certificate, as rustls says it to each of our clients. Their errors have nothing in common but this text.

/// Why a certificate was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Its time is over, or not yet come.
    Expired,
    /// No authority that we trust issued it.
    UnknownIssuer,
    /// It is for another host.
    OtherHost,
    /// Anything else.
    Other,
}

impl Fault {
    /// The fault that an error's text tells of, if any.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (_, fault) = text.split_once("invalid peer certificate")?;
        let says = |words: &str| fault.contains(words);
        Some(if says("xpired") || says("not valid yet") || says("NotValidYet") {
            Self::Expired
        } else if says("UnknownIssuer") || says("BadSignature") {
            Self::UnknownIssuer
        } else if says("not valid for name") || says("NotValidForName") {
            Self::OtherHost
        } else {
            Self::Other
        })
    }

    /// What is wrong and which setting is to blame: `ca` names the CA file's variable and, when it is set, the file; `server` the variable with the
    /// server's address.
    pub(crate) fn sentence(self, server: &str, ca: &str, ca_file: Option<&str>) -> String {
        match (self, ca_file) {
            (Self::Expired, _) => {
                format!("the certificate of the server in {server} has expired or is not valid yet; {ca} cannot help")
            }
            (Self::UnknownIssuer, Some(path)) => {
                format!("the certificate of the server in {server} was not issued by an authority in {ca} ({path})")
            }
            (Self::UnknownIssuer, None) => {
                format!(
                    "the certificate of the server in {server} is from no public authority; {ca} can name a file with another one"
                )
            }
            (Self::OtherHost, _) => format!("the certificate of the server in {server} is for another host"),
            (Self::Other, _) => format!("the certificate of the server in {server} was not accepted"),
        }
    }
}

/// The error and all its causes; some clients put the reason into a cause, some into their own text.
pub(crate) fn text_of(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_from_the_others() {
        let of = |fault: &str| Fault::of(&format!("TLS: invalid peer certificate: {fault}"));
        assert_eq!(of("Expired"), Some(Fault::Expired));
        assert_eq!(
            of("certificate expired: verification time 2 (UNIX)"),
            Some(Fault::Expired)
        );
        assert_eq!(of("UnknownIssuer"), Some(Fault::UnknownIssuer));
        assert_eq!(of("certificate not valid for name \"a\""), Some(Fault::OtherHost));
        assert_eq!(of("BadEncoding"), Some(Fault::Other));
        assert_eq!(Fault::of("connection refused"), None);
    }
}
