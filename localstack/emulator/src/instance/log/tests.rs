use std::time::{Duration, Instant};

use super::*;

/// A log, and a way to write to it as a process does.
fn log(folder: &Path) -> (Arc<ProcessLog>, File) {
    let (log, writer, other) = ProcessLog::start(&folder.join("log")).unwrap();
    drop(other);
    // A `Stdio` can only be given to a process, so one that copies its input is between.
    let mut copy = std::process::Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(writer)
        .spawn()
        .unwrap();
    let input = copy.stdin.take().unwrap();
    std::thread::spawn(move || copy.wait());
    (log, File::from(OwnedFd::from(input)))
}

/// Writes and waits until it has come.
fn write(log: &ProcessLog, input: &mut File, text: &str) {
    input.write_all(text.as_bytes()).unwrap();
    let began = Instant::now();
    while !log
        .tail()
        .ends_with(&text.as_bytes()[text.len().saturating_sub(TAIL_BYTES)..])
    {
        assert!(began.elapsed() < Duration::from_secs(10), "it has not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_the_end_of_what_came_since_the_invocation_began() {
    let folder = tempfile::tempdir().unwrap();
    let (log, mut input) = log(folder.path());
    write(&log, &mut input, "starting\n");
    log.begin();
    assert_eq!(log.tail(), b"");
    write(&log, &mut input, "one\n");
    write(&log, &mut input, "half");
    log.append_line(b"gone");
    assert_eq!(log.tail(), b"one\nhalfgone\n");
    let long = format!("{}\nend\n", "x".repeat(5_000));
    write(&log, &mut input, &long);
    assert_eq!(log.tail(), long.as_bytes()[long.len() - 4_096..]);
    log.begin();
    assert_eq!(log.tail(), b"");
    let file = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(file, format!("starting\none\nhalfgone\n{long}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_several_processes_stay_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut writers: Vec<_> = (0..2).map(|_| log(folder.path())).collect();
    for round in 0..200 {
        for (number, (_, input)) in writers.iter_mut().enumerate() {
            // In two pieces, between which the other writes.
            input.write_all(format!("{number} {round} ").as_bytes()).unwrap();
        }
        for (_, input) in &mut writers {
            input.write_all(b"end\n").unwrap();
        }
    }
    let path = folder.path().join("log");
    let began = Instant::now();
    let text = loop {
        let text = std::fs::read_to_string(&path).unwrap();
        if text.lines().count() == 400 {
            break text;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{text}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    for number in 0..2 {
        let own: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with(&format!("{number} ")))
            .collect();
        let expected: Vec<_> = (0..200).map(|round| format!("{number} {round} end")).collect();
        assert_eq!(own, expected);
    }
}
