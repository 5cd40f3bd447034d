//! The header `Accept` (RFC 9110, 12.5.1 and 12.4.2).
//!
//! Parameters other than `q` do not choose: each format is there in one form alone, so `text/csv; charset=utf-8` is `text/csv`. An element that is no media
//! range, or whose quality is none, counts for nothing; the others still do.

use std::cmp::Reverse;

use axum::http::{HeaderMap, header};

use super::Format;

/// A media range and how welcome it is.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    kind: String,
    subtype: String,
    /// In thousandths.
    quality: u16,
}

/// The format among `available`, the one that is preferred here first, that `Accept` gives the highest quality; `None` where it welcomes none of them. Of
/// equals the one that is named goes before one that a wildcard stands for, and of those the one that comes first.
pub(super) fn preferred(headers: &HeaderMap, available: &[Format]) -> Option<Format> {
    let ranges: Vec<Range> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| split(list, ','))
        .filter_map(range)
        .collect();
    // `max_by_key` takes the last of equals, so the one that is preferred here comes last.
    let welcome = available.iter().rev().filter_map(|format| {
        let matching = ranges.iter().enumerate();
        let matching =
            matching.filter_map(|(place, range)| Some((range.exactness(*format)?, range.quality, Reverse(place))));
        // The most exact range decides, whatever quality a wildcard has.
        let (exactness, quality, place) = matching.max()?;
        (quality > 0).then_some((*format, (quality, exactness, place)))
    });
    welcome.max_by_key(|(_, rank)| *rank).map(|(format, _)| format)
}

impl Range {
    /// How exactly it means `format`: by name 2, by the kind 1, as anything 0; `None` where it does not.
    fn exactness(&self, format: Format) -> Option<u8> {
        let (kind, subtype) = format.media_type();
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => Some(0),
            (own, "*") if own == kind => Some(1),
            (own, name) if own == kind && name == subtype => Some(2),
            _ => None,
        }
    }
}

/// `type/subtype;name=value;q=0.5`.
fn range(text: &str) -> Option<Range> {
    let mut parts = split(text, ';').map(|part| part.trim_matches(is_blank));
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let is_range = is_token(kind) && is_token(subtype) && (kind != "*" || subtype == "*");
    let mut quality = 1000;
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        if name.eq_ignore_ascii_case("q") {
            quality = thousandths(value)?;
        }
    }
    is_range.then(|| Range {
        kind: kind.to_ascii_lowercase(),
        subtype: subtype.to_ascii_lowercase(),
        quality,
    })
}

/// A quality: 0 or 1 and at most three digits behind the point, none above 1.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_plain =
        matches!(whole, "0" | "1") && fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let quality: u16 = is_plain
        .then(|| format!("{whole}{fraction:0<3}").parse().ok())
        .flatten()?;
    (quality <= 1000).then_some(quality)
}

/// The parts between `separator`s that stand outside of quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |character| {
        let is_end = !is_quoted && character == separator;
        if character == '"' && !is_escaped {
            is_quoted = !is_quoted;
        }
        is_escaped = is_quoted && character == '\\' && !is_escaped;
        is_end
    })
}

/// Optional white space of HTTP.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// A token of HTTP (RFC 9110, 5.6.2).
fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests;
