//! Functions behind the emulator, from the ingestor to the stores: runs, replays, metrics, traces, and the check before traffic.

mod check;
mod held_back;
mod metrics;
mod one_run;
mod poison;
mod replay;
mod traces;
