//! A Docker engine: the one that is there, else one that the test starts, from Debian's `docker.io`.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use servers::process_table::Identity;

use crate::checkout::project;

/// How long an engine may take to answer, or to end.
const LIMIT: Duration = Duration::from_secs(60);
/// What SAM CLI calls the images that it makes of Lambda's.
const SAM_IMAGES: &str = "public.ecr.aws/lambda/provided:al2023-rapid-*";

/// An engine in which SAM CLI finds an image for functions.
pub struct Engine {
    own: Option<Own>,
    /// Images that were not there before.
    made: Vec<String>,
}

/// An engine that nobody else uses.
struct Own {
    daemon: Child,
    dir: tempfile::TempDir,
}

impl Engine {
    /// Takes the engine that answers, or starts one, and gives it an image made offline when it has none.
    ///
    /// # Panics
    /// When `dockerd` does not start, or the image cannot be made.
    #[must_use]
    pub fn ready() -> Self {
        let own = (!answers(None)).then(Own::start);
        let mut engine = Self { own, made: Vec::new() };
        let image = format!("public.ecr.aws/lambda/provided:al2023-{}", architecture());
        if !succeeds(engine.docker().args(["image", "inspect", &image])) {
            let before = engine.images();
            let mut make = engine.command(&project().join("tests/lambda-image"));
            let made = make.output().unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            engine.made.push(image);
            engine.made.extend(before.is_empty().then(|| SAM_IMAGES.to_owned()));
        }
        engine
    }

    /// A command that speaks to this engine.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some(own) = &self.own {
            command.env("DOCKER_HOST", own.host());
        }
        command
    }

    /// The containers that run or have run, by name of their image.
    ///
    /// # Panics
    /// When the engine does not answer.
    #[must_use]
    pub fn containers(&self) -> Vec<String> {
        let listed = self
            .docker()
            .args(["ps", "--all", "--format", "{{.Image}}"])
            .output()
            .unwrap();
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        String::from_utf8(listed.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn docker(&self) -> Command {
        self.command(Path::new("docker"))
    }

    /// The images that SAM CLI has made.
    fn images(&self) -> Vec<String> {
        let reference = format!("reference={SAM_IMAGES}");
        let listed = self
            .docker()
            .args(["images", "--filter", &reference, "--format", "{{.Repository}}:{{.Tag}}"])
            .output()
            .unwrap();
        String::from_utf8(listed.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Engine {
    /// An engine of somebody's own is left without our image, which would stand in the way of AWS's.
    fn drop(&mut self) {
        if self.own.is_some() {
            return;
        }
        let (of_sam, mut images): (Vec<String>, Vec<String>) =
            self.made.drain(..).partition(|image| image == SAM_IMAGES);
        if !of_sam.is_empty() {
            images.extend(self.images());
        }
        for image in images {
            succeeds(self.docker().args(["image", "rm", &image]));
        }
    }
}

impl Own {
    fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("hwanyul-docker-").tempdir().unwrap();
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let place = |name: &str| dir.path().join(name).into_os_string();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--", "dockerd"]);
        for (option, name) in [("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")] {
            command.arg(option).arg(place(name));
        }
        command.arg("-H").arg(host(dir.path()));
        // Containers speak to this machine alone, so nothing has to be let through.
        command.args(["--iptables=false", "--ip6tables=false", "--ip-masq=false"]);
        let daemon = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            // A group of its own: what ends the tests asks it to end in order.
            .process_group(0)
            .spawn()
            .unwrap();
        let own = Self { daemon, dir };
        let deadline = Instant::now() + LIMIT;
        while !answers(Some(&own.host())) {
            let log = || std::fs::read_to_string(own.dir.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "dockerd does not answer:\n{}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
        own
    }

    fn host(&self) -> String {
        host(self.dir.path())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(daemon) = Identity::of(self.daemon.id()) {
            // In order: it unmounts its layers, which would keep the folder from being removed.
            daemon.signal(Signal::TERM).unwrap();
        }
        let deadline = Instant::now() + LIMIT;
        while matches!(self.daemon.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn host(dir: &Path) -> String {
    format!("unix://{}", dir.join("socket").display())
}

fn answers(host: Option<&str>) -> bool {
    let mut command = Command::new("docker");
    command.arg("version");
    if let Some(host) = host {
        command.env("DOCKER_HOST", host);
    }
    succeeds(&mut command)
}

fn succeeds(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}
