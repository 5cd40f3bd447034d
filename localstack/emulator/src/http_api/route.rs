//! Which route a request takes.
//!
//! Source: "Create routes for HTTP APIs in API Gateway", Amazon API Gateway developer guide: the full match first, then a greedy
//! path variable, then `$default`. Where several paths match, the one whose first difference is the more exact wins: a name
//! before a variable before a greedy variable; of two with the same path, the one that names the method wins over `ANY`.

use std::collections::BTreeMap;

/// A route key: a method (or `ANY`) and a path, or `$default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteKey {
    /// `None` for `$default`.
    target: Option<(String, Vec<Part>)>,
}

/// One part of a path, between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Name(String),
    Variable(String),
    Greedy(String),
}

/// How exact a match is; the smallest is the best. `$default` is the worst.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    is_default: bool,
    parts: Vec<u8>,
    is_any_method: bool,
}

/// The path variables of a match.
pub(super) type PathParameters = BTreeMap<String, String>;

impl RouteKey {
    pub(crate) const DEFAULT: &str = "$default";
    pub(crate) const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    pub(crate) const ALLOWED_PATH: &str = "a path such as /rates, /rates/{code} or /{proxy+}, a variable taking the whole place between two slashes, {name+} the last";

    /// Reads a key; `None` when its path is none.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        if key == Self::DEFAULT {
            return Some(Self { target: None });
        }
        let (method, path) = key.split_once(' ')?;
        let path = path.strip_prefix('/')?;
        let parts: Vec<Part> = path.split('/').map(Part::parse).collect::<Option<_>>()?;
        let (_, before) = parts.split_last()?;
        let is_greedy_last = !before.iter().any(|part| matches!(part, Part::Greedy(_)));
        is_greedy_last.then(|| Self {
            target: Some((method.to_owned(), parts)),
        })
    }

    /// How well the key fits the request, and what its variables are; `None` when it does not fit.
    pub(super) fn fit(&self, method: &str, path: &str) -> Option<(Rank, PathParameters)> {
        let Some((wanted, parts)) = &self.target else {
            let worst = Rank {
                is_default: true,
                parts: Vec::new(),
                is_any_method: true,
            };
            return Some((worst, PathParameters::new()));
        };
        let is_any_method = wanted == "ANY";
        if !is_any_method && wanted != method {
            return None;
        }
        let mut rest = Some(path.strip_prefix('/')?);
        let mut rank = Vec::with_capacity(parts.len());
        let mut parameters = PathParameters::new();
        for part in parts {
            let left = rest?;
            if let Part::Greedy(name) = part {
                if left.is_empty() {
                    return None;
                }
                parameters.insert(name.clone(), left.to_owned());
                rank.push(2);
                rest = None;
                continue;
            }
            let (here, after) = match left.split_once('/') {
                Some((here, after)) => (here, Some(after)),
                None => (left, None),
            };
            match part {
                Part::Name(name) if name == here => rank.push(0),
                Part::Variable(name) if !here.is_empty() => {
                    parameters.insert(name.clone(), here.to_owned());
                    rank.push(1);
                }
                Part::Name(_) | Part::Variable(_) | Part::Greedy(_) => return None,
            }
            rest = after;
        }
        let rank = Rank {
            is_default: false,
            parts: rank,
            is_any_method,
        };
        rest.is_none().then_some((rank, parameters))
    }
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        let Some(inside) = text.strip_prefix('{') else {
            return (!text.contains(['{', '}'])).then(|| Self::Name(text.to_owned()));
        };
        let inside = inside.strip_suffix('}')?;
        let (name, is_greedy) = match inside.strip_suffix('+') {
            Some(name) => (name, true),
            None => (inside, false),
        };
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        is_name.then(|| match is_greedy {
            true => Self::Greedy(name.to_owned()),
            false => Self::Variable(name.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of the guide's example, and a few between them.
    const KEYS: [&str; 8] = [
        "$default",
        "ANY /{proxy+}",
        "GET /pets/{proxy+}",
        "GET /pets/dog/1",
        "GET /pets/dog/{id}",
        "ANY /pets/dog/{id}",
        "POST /pets/{kind}/{id}",
        "GET /pets/{kind}/names",
    ];

    fn chosen(method: &str, path: &str) -> (&'static str, PathParameters) {
        let fits = KEYS.iter().filter_map(|key| {
            let (rank, parameters) = RouteKey::parse(key).unwrap().fit(method, path)?;
            Some((rank, *key, parameters))
        });
        let (_, key, parameters) = fits.min_by(|left, right| left.0.cmp(&right.0)).unwrap();
        (key, parameters)
    }

    #[test]
    fn the_best_route_is_chosen_as_the_guide_says() {
        for (method, path, key) in [
            ("GET", "/pets/dog/1", "GET /pets/dog/1"),
            ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
            ("DELETE", "/pets/dog/2", "ANY /pets/dog/{id}"),
            ("POST", "/pets/dog/1", "ANY /pets/dog/{id}"),
            ("POST", "/pets/cat/1", "POST /pets/{kind}/{id}"),
            ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
            ("GET", "/pets/dog/names", "GET /pets/dog/{id}"),
            ("GET", "/pets/cat/names", "GET /pets/{kind}/names"),
            ("GET", "/pets/cat/1/2", "GET /pets/{proxy+}"),
            ("POST", "/test/5", "ANY /{proxy+}"),
            ("GET", "/pets", "ANY /{proxy+}"),
            ("GET", "/pets/", "ANY /{proxy+}"),
            ("GET", "/", "$default"),
        ] {
            assert_eq!(chosen(method, path).0, key, "{method} {path}");
        }
    }

    #[test]
    fn variables_are_what_stood_in_their_place() {
        assert_eq!(
            chosen("GET", "/pets/dog/7").1,
            PathParameters::from([("id".to_owned(), "7".to_owned())])
        );
        assert_eq!(
            chosen("GET", "/pets/a/b/c").1,
            PathParameters::from([("proxy".to_owned(), "a/b/c".to_owned())])
        );
        assert!(chosen("GET", "/").1.is_empty());
    }

    #[test]
    fn a_path_that_is_none_is_refused() {
        for key in ["GET rates", "GET /{}", "GET /a{b}", "GET /{proxy+}/a", "GET /{a", "GET"] {
            assert_eq!(RouteKey::parse(key), None, "{key}");
        }
    }
}
