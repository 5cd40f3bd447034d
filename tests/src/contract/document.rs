//! A template as it is written: YAML tags become the long forms of the intrinsic functions, and nothing is resolved.

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use serde_yaml_ng::Value as Yaml;

/// A template.
#[derive(Debug, Clone)]
pub struct Document(pub Json);

/// A function of it.
pub struct Function {
    /// Its logical id.
    pub id: String,
    /// Its `FunctionName`.
    pub name: String,
    /// The binary that it is built from.
    pub binary: String,
    /// Seconds.
    pub timeout: u64,
    /// Its own properties.
    pub properties: Json,
}

impl Document {
    /// Reads a file.
    ///
    /// # Panics
    /// When it is no YAML.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(long(serde_yaml_ng::from_str(&text).unwrap()))
    }

    /// Its resources of one type, by logical id.
    pub fn resources<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Json)> {
        let all = self.0["Resources"].as_object().into_iter().flatten();
        all.filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    /// Its functions.
    #[must_use]
    pub fn functions(&self) -> Vec<Function> {
        let globals = &self.0["Globals"]["Function"];
        let resources = self.resources("AWS::Serverless::Function");
        let read = |(id, properties): (&str, &Json)| Function {
            id: id.to_owned(),
            name: text(&properties["FunctionName"]),
            binary: text(&self.0["Resources"][id]["Metadata"]["BuildProperties"]["Binary"]),
            timeout: properties["Timeout"]
                .as_u64()
                .or(globals["Timeout"].as_u64())
                .unwrap_or(3),
            properties: properties.clone(),
        };
        resources.map(read).collect()
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `!Ref X` as `{"Ref": "X"}`, `!GetAtt A.B` as `{"Fn::GetAtt": ["A", "B"]}`, any other tag as `{"Fn::Tag": …}`.
fn long(value: Yaml) -> Json {
    match value {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let argument = long(tagged.value);
            match (tag, argument) {
                ("Ref" | "Condition", argument) => json!({tag: argument}),
                ("GetAtt", Json::String(path)) => {
                    let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
                    json!({"Fn::GetAtt": [resource, attribute]})
                }
                (_, argument) => json!({format!("Fn::{tag}"): argument}),
            }
        }
        Yaml::Mapping(mapping) => {
            let name = |key: Yaml| match key {
                Yaml::String(text) => text,
                other => serde_json::to_value(other).unwrap().to_string(),
            };
            Json::Object(
                mapping
                    .into_iter()
                    .map(|(key, item)| (name(key), long(item)))
                    .collect::<Map<_, _>>(),
            )
        }
        Yaml::Sequence(items) => Json::Array(items.into_iter().map(long).collect()),
        plain => serde_json::to_value(plain).unwrap(),
    }
}
