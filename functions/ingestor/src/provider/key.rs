//! A provider's name, parsed once: whoever has a [`ProviderKey`] has a source of the registry.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use shared::source::{self, Source};

/// A rate provider: a source of the registry, by whose key it is written, ordered and compared.
#[derive(Clone, Copy)]
pub struct ProviderKey(&'static Source);

/// A name that is no provider's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown provider {0:?}: allowed are {allowed}", allowed = source::allowed())]
pub struct UnknownProvider(String);

impl ProviderKey {
    /// The provider of an adapter, for constants; with a key that the registry does not have the constant does not compile.
    pub(crate) const fn of_adapter(key: &str) -> Self {
        let mut place = 0;
        while place < source::SOURCES.len() {
            if is_same(source::SOURCES[place].key.as_bytes(), key.as_bytes()) {
                return Self(&source::SOURCES[place]);
            }
            place += 1;
        }
        panic!("the registry of sources has no such key")
    }

    /// Every provider, in the order of the registry.
    pub fn all() -> impl Iterator<Item = Self> {
        source::SOURCES.iter().map(Self)
    }

    /// What the registry knows of it.
    #[must_use]
    pub fn source(self) -> &'static Source {
        self.0
    }

    /// The name in settings, events and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.key
    }
}

/// Compares in constants, where `==` cannot.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut place = 0;
    while place < one.len() && place < other.len() && one[place] == other[place] {
        place += 1;
    }
    place == one.len() && place == other.len()
}

impl FromStr for ProviderKey {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        source::find(text)
            .map(Self)
            .ok_or_else(|| UnknownProvider(text.chars().take(40).collect()))
    }
}

impl PartialEq for ProviderKey {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ProviderKey {}

impl PartialOrd for ProviderKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ProviderKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Display for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProviderKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
