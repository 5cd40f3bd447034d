//! Makes the API's description, which is kept as YAML for people, the JSON that the function serves.

use std::error::Error;
use std::path::Path;

const DESCRIPTION: &str = "../../docs/openapi.yaml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    let yaml = std::fs::read_to_string(DESCRIPTION)?;
    let document: serde_json::Value = serde_yaml_ng::from_str(&yaml)?;
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("openapi.json"), serde_json::to_string(&document)?)?;
    Ok(())
}
