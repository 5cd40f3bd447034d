//! AWS's own Runtime Interface Emulator, which ships in the SAM CLI: a function behind it runs as on Lambda.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use servers::free_port;
use tokio::process::Command;

use crate::checkout::binaries;
use crate::tool;

/// What runs programs for arm64 on another machine: Debian's qemu-user-static.
const QEMU: &str = "/usr/bin/qemu-aarch64-static";
/// What it finds their C library in: Debian's libc6-arm64-cross.
const ARM64_LIBRARIES: &str = "/usr/aarch64-linux-gnu";

/// A function's program, and what it takes to start it on this machine.
pub struct Bootstrap {
    /// The function's name.
    pub function: String,
    path: PathBuf,
    is_arm64: bool,
}

impl Bootstrap {
    /// The one that was built beside this test, for this machine.
    #[must_use]
    pub fn of_this_machine(function: &str) -> Self {
        Self {
            function: function.to_owned(),
            path: binaries().join(function),
            is_arm64: false,
        }
    }

    /// One that was built for arm64, as it is deployed.
    ///
    /// # Panics
    /// When it is not there, or is for another machine.
    #[must_use]
    pub fn of_arm64(function: &str, path: PathBuf) -> Self {
        assert_arm64(&path);
        Self {
            function: function.to_owned(),
            path,
            is_arm64: true,
        }
    }

    /// # Panics
    /// When this machine can't run it.
    fn command(&self) -> Vec<&Path> {
        let mut command = vec![self.path.as_path()];
        if self.is_arm64 && std::env::consts::ARCH != "aarch64" {
            for needed in [QEMU, ARM64_LIBRARIES] {
                assert!(
                    Path::new(needed).exists(),
                    "{needed} is missing: run ./localstack/install all"
                );
            }
            command.insert(0, Path::new(QEMU));
        }
        command
    }
}

/// The header of an ELF file for arm64: the magic number, 64 bits, little-endian, and machine 183 (EM_AARCH64).
fn assert_arm64(path: &Path) {
    let mut header = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_arm64 = header.starts_with(b"\x7fELF\x02\x01") && header.ends_with(&183_u16.to_le_bytes());
    assert!(is_arm64, "{} is no program for arm64", path.display());
}

fn emulator() -> PathBuf {
    let packages = std::fs::read_dir(tool("tools/lib")).unwrap();
    let python = packages
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("site-packages").exists())
        .unwrap();
    let machine = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    python.join(format!("site-packages/samcli/local/rapid/aws-lambda-rie-{machine}"))
}

/// Runs a function once and answers what it answered.
///
/// # Panics
/// When it does not answer.
pub async fn answer(bootstrap: &Bootstrap, payload: &str, environment: &BTreeMap<String, String>) -> Value {
    let (answer, log) = answer_and_log(bootstrap, payload, environment, Duration::from_secs(60)).await;
    let function = &bootstrap.function;
    let answer = answer.unwrap_or_else(|| panic!("{function} did not answer; {log}"));
    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{function} answered {answer:?}; {log}"))
}

/// Runs a function once and answers what it answered within `limit`, and all that it wrote.
///
/// # Panics
/// When the emulator cannot be started.
pub async fn answer_and_log(
    bootstrap: &Bootstrap,
    payload: &str,
    environment: &BTreeMap<String, String>,
    limit: Duration,
) -> (Option<String>, String) {
    let function = &bootstrap.function;
    // Its process gets an executable copy, because the package's own file may not be executable.
    let copy = std::env::temp_dir().join(format!("hwanyul-rie-{}", uuid::Uuid::new_v4().simple()));
    std::fs::copy(emulator(), &copy).unwrap();
    std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    // One place in the file for both, so that neither writes over the other.
    let written = log.reopen().unwrap();
    let (port, runtime_port) = (free_port().unwrap(), free_port().unwrap());
    let mut child = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--"])
        .arg(&copy)
        .args([
            "--runtime-interface-emulator-address",
            &format!("127.0.0.1:{port}"),
            "--runtime-api-address",
            &format!("127.0.0.1:{runtime_port}"),
        ])
        .args(bootstrap.command())
        .envs(environment)
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .env("QEMU_LD_PREFIX", ARM64_LIBRARIES)
        .stdout(written.try_clone().unwrap())
        .stderr(written)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let client = reqwest::Client::builder().timeout(limit).build().unwrap();
    let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/function/invocations");
    let mut tries = 0;
    let response = loop {
        match client.post(&url).body(payload.to_owned()).send().await {
            Ok(response) => break response.text().await.ok(),
            Err(error) if error.is_connect() && tries < 200 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) if error.is_timeout() => break None,
            Err(error) => panic!(
                "{function}: {error:?}; {}",
                std::fs::read_to_string(log.path()).unwrap()
            ),
        }
    };
    child.kill().await.unwrap();
    std::fs::remove_file(copy).unwrap();
    (response, std::fs::read_to_string(log.path()).unwrap())
}
