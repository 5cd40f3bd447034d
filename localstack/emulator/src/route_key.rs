//! Route keys of an HTTP API: which there are, and which of them a request takes.
//!
//! Source: "Create routes for HTTP APIs in API Gateway", Amazon API Gateway developer guide: the full match first, then a greedy
//! path variable, then `$default`. Where several paths match, the one whose first difference is the more exact wins: a name
//! before a variable before a greedy variable; of two with the same path, the one that names the method wins over `ANY`.

use std::collections::BTreeMap;

/// A route key: a method (or `ANY`) and a path, or `$default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteKey {
    /// `None` for `$default`.
    target: Option<Target>,
}

/// A method, and a path in its segments.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    method: String,
    segments: Vec<Segment>,
}

/// One segment of a path, between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Variable(String),
    Greedy(String),
}

/// How exact a match is; the smallest is the best. `$default` is the worst.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Specificity {
    is_default: bool,
    segments: Vec<u8>,
    is_any_method: bool,
}

/// The path variables of a match.
pub(crate) type PathParameters = BTreeMap<String, String>;

/// A request that a key matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteMatch {
    pub(crate) specificity: Specificity,
    pub(crate) parameters: PathParameters,
}

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
        let segments: Vec<Segment> = path.split('/').map(Segment::parse).collect::<Option<_>>()?;
        let (_, before) = segments.split_last()?;
        let is_greedy_last = !before.iter().any(|segment| matches!(segment, Segment::Greedy(_)));
        is_greedy_last.then(|| Self {
            target: Some(Target {
                method: method.to_owned(),
                segments,
            }),
        })
    }

    /// How exactly the key matches the request, and what its variables are; `None` when it does not match.
    pub(crate) fn match_request(&self, method: &str, path: &str) -> Option<RouteMatch> {
        let Some(target) = &self.target else {
            return Some(RouteMatch {
                specificity: Specificity {
                    is_default: true,
                    segments: Vec::new(),
                    is_any_method: true,
                },
                parameters: PathParameters::new(),
            });
        };
        let is_any_method = target.method == "ANY";
        if !is_any_method && target.method != method {
            return None;
        }
        let mut rest = Some(path.strip_prefix('/')?);
        let mut ranks = Vec::with_capacity(target.segments.len());
        let mut parameters = PathParameters::new();
        for segment in &target.segments {
            let left = rest?;
            if let Segment::Greedy(name) = segment {
                if left.is_empty() {
                    return None;
                }
                parameters.insert(name.clone(), left.to_owned());
                ranks.push(2);
                rest = None;
                continue;
            }
            let (here, after) = match left.split_once('/') {
                Some((here, after)) => (here, Some(after)),
                None => (left, None),
            };
            match segment {
                Segment::Literal(name) if name == here => ranks.push(0),
                Segment::Variable(name) if !here.is_empty() => {
                    parameters.insert(name.clone(), here.to_owned());
                    ranks.push(1);
                }
                Segment::Literal(_) | Segment::Variable(_) | Segment::Greedy(_) => return None,
            }
            rest = after;
        }
        rest.is_none().then_some(RouteMatch {
            specificity: Specificity {
                is_default: false,
                segments: ranks,
                is_any_method,
            },
            parameters,
        })
    }
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        let Some(inside) = text.strip_prefix('{') else {
            return (!text.contains(['{', '}'])).then(|| Self::Literal(text.to_owned()));
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
        let matches = KEYS.iter().filter_map(|key| {
            let found = RouteKey::parse(key).unwrap().match_request(method, path)?;
            Some((*key, found))
        });
        let best = matches.min_by(|(_, left), (_, right)| left.specificity.cmp(&right.specificity));
        let (key, found) = best.unwrap();
        (key, found.parameters)
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
