//! User and password of a URL that has none.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Get, optional};

/// `url` with what it lacks of user and password from the variables `username` and `password`. What it has stays; so does a text that is no URL.
#[must_use]
pub fn with_login(url: &str, get: Get<'_>, username: &str, password: &str) -> String {
    // Asked for in any case: what a function reads must not depend on its settings.
    let (username, password) = (optional(get, username), optional(get, password));
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (login, host) = rest[..end].rsplit_once('@').unwrap_or(("", &rest[..end]));
    let (own_user, own_password) = login.split_once(':').unwrap_or((login, ""));
    let encoded = |own: &str, other: Option<String>| match other {
        Some(other) if own.is_empty() => utf8_percent_encode(&other, NON_ALPHANUMERIC).to_string(),
        _ => own.to_owned(),
    };
    let (user, password) = (encoded(own_user, username), encoded(own_password, password));
    let login = match (user.as_str(), password.as_str()) {
        ("", "") => String::new(),
        (user, "") => format!("{user}@"),
        (user, password) => format!("{user}:{password}@"),
    };
    format!("{scheme}://{login}{host}{}", &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(url: &str, username: &str, password: &str) -> String {
        let get = |name: &str| Some(if name == "USER" { username } else { password }.to_owned());
        with_login(url, &get, "USER", "PASSWORD")
    }

    #[test]
    fn what_a_url_lacks_is_put_into_it_and_what_it_has_stays() {
        for (url, expected) in [
            ("redis://host:1", "redis://app:p%40ss%2F%3A@host:1"),
            (
                "postgres://host/db?sslmode=require",
                "postgres://app:p%40ss%2F%3A@host/db?sslmode=require",
            ),
            ("postgres://own@host/db", "postgres://own:p%40ss%2F%3A@host/db"),
            ("redis://own:secret@host", "redis://own:secret@host"),
            ("redis://:secret@host", "redis://app:secret@host"),
            (
                "mongodb://a:1,b:2/clicks?x=@",
                "mongodb://app:p%40ss%2F%3A@a:1,b:2/clicks?x=@",
            ),
            ("no url", "no url"),
        ] {
            assert_eq!(with(url, "app", "p@ss/:"), expected);
        }
        assert_eq!(with("redis://host", "", ""), "redis://host");
        assert_eq!(with("redis://host", "", "word"), "redis://:word@host");
        assert_eq!(with("redis://own@host", "app", ""), "redis://own@host");
    }
}
