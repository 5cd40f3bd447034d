//! The one thread that starts children. The kernel sends the parent-death signal when the *thread* that started a child
//! ends, not when the process does, so children must come from a thread that lives as long as the process.

use std::io;
use std::sync::{OnceLock, mpsc};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

struct Job {
    command: Command,
    runtime: Handle,
    started: oneshot::Sender<io::Result<Child>>,
}

/// Starts `command` from the thread that never ends.
pub(crate) async fn spawn(command: Command) -> io::Result<Child> {
    static JOBS: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let gone = || io::Error::other("the thread that starts processes has ended");
    let jobs = JOBS.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            for Job {
                mut command,
                runtime,
                started,
            } in jobs
            {
                let _entered = runtime.enter();
                // A caller that went away drops the child, which kills it.
                drop(started.send(command.spawn()));
            }
        });
        sender
    });
    let (started, child) = oneshot::channel();
    jobs.send(Job {
        command,
        runtime: Handle::current(),
        started,
    })
    .map_err(|_| gone())?;
    child.await.map_err(|_| gone())?
}
