//! From the parsed file to parameters, conditions and resources.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::{Mapping, Value};

use super::{Location, Resolver, Resource, for_each};
use crate::template::deployment::Deployment;
use crate::template::error::TemplateError;
use crate::template::parameter;
use crate::template::section::section;

impl<'a> Resolver<'a> {
    pub(in crate::template) fn new(
        file: &'a str,
        root: &Value,
        deployment: &'a Deployment,
    ) -> Result<Self, TemplateError> {
        let mut resolver = Self {
            file,
            parameters: parameter::values(file, &section(file, root, "Parameters")?, &deployment.parameters)?,
            mappings: section(file, root, "Mappings")?,
            conditions: BTreeMap::new(),
            resources: Vec::new(),
            excluded: Vec::new(),
            undecided: Vec::new(),
            unsupported_functions: BTreeSet::new(),
            deployment,
            listed: RefCell::default(),
        };
        resolver.list_macros(root);
        let conditions = for_each::expanded(&resolver, "Conditions", section(file, root, "Conditions")?)?;
        resolver.evaluate_conditions(&conditions)?;
        let resources = for_each::expanded(&resolver, "Resources", section(file, root, "Resources")?)?;
        for (id, body) in resources {
            resolver.load(id.as_str().unwrap_or_default().to_owned(), body)?;
        }
        Ok(resolver)
    }

    fn load(&mut self, id: String, body: Value) -> Result<(), TemplateError> {
        let at = |property| Location {
            logical_id: &id,
            property,
        };
        if let Some(function) = id.strip_prefix("Fn::") {
            let of_section = Location {
                logical_id: "Resources",
                property: &id,
            };
            let unresolved = Err(self.unresolved_call(of_section, function, &body, "a macro, which AWS runs"));
            return self
                .known_or_listed::<()>(unresolved, "what it would add is not there")
                .map(|_| ());
        }
        let kind = body.get("Type").and_then(Value::as_str).map(str::to_owned);
        let kind = kind.ok_or_else(|| self.property_error(at("Type"), body.get("Type"), "a resource type"))?;
        if let Some(condition) = body.get("Condition").and_then(Value::as_str) {
            let holds = self.condition(condition, at("Condition")).map(Some);
            match self.known_or_listed(holds, "it is not run")? {
                Some(true) => {}
                Some(false) => {
                    self.excluded.push(id);
                    return Ok(());
                }
                None => {
                    self.undecided.push(id);
                    return Ok(());
                }
            }
        }
        let mut properties = match body.get("Properties") {
            Some(Value::Mapping(properties)) => properties.clone(),
            None | Some(Value::Null) => Mapping::new(),
            other => return Err(self.property_error(at("Properties"), other, "a mapping")),
        };
        let is_function = |key: &Value| key.as_str().is_some_and(|key| key.starts_with("Fn::"));
        let functions: Vec<Value> = properties.keys().filter(|key| is_function(key)).cloned().collect();
        for key in functions {
            let argument = properties.remove(&key).unwrap_or(Value::Null);
            let name = key.as_str().unwrap_or_default().trim_start_matches("Fn::");
            let unresolved = Err(self.unresolved_call(at("Properties"), name, &argument, "a macro, which AWS runs"));
            self.known_or_listed::<()>(unresolved, "the properties that it would add are not there")?;
        }
        self.resources.push((id, Resource { kind, properties, body }));
        Ok(())
    }

    /// Macros may make anything of a template. Those two are known, and what the second does is done here.
    fn list_macros(&self, root: &Value) {
        const KNOWN: [&str; 2] = ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"];
        let transforms = match root.get("Transform") {
            Some(Value::Sequence(transforms)) => transforms.as_slice(),
            Some(single) => std::slice::from_ref(single),
            None => &[],
        };
        for transform in transforms {
            let name = transform.as_str().or_else(|| transform.get("Name")?.as_str());
            let name = name.unwrap_or_default();
            if KNOWN.contains(&name) {
                continue;
            }
            let at = Location {
                logical_id: "Transform",
                property: name,
            };
            if let TemplateError::Unresolved { value, .. } =
                self.unresolved(at, name.to_owned(), "a macro, which AWS runs")
            {
                self.list(*value, "the template is taken as it is");
            }
        }
    }
}
