//! What `up` prints of a stack that is ready: where everything is, and what to ask first.

use crate::commands::say;
use crate::stack::State;

/// What to ask the HTTP API first.
pub(super) fn print_requests(state: &State) {
    let api = &state.endpoints.api;
    say(format_args!("\nThe HTTP API is {api}; worth trying:\n"));
    say(format_args!("  curl '{api}/api/v1/currencies/USD'"));
    say(format_args!(
        "  curl '{api}/api/v1/currencies/latest?base=USD&symbols=KRW,EUR,JPY'"
    ));
    say(format_args!(
        "  curl '{api}/api/v1/history?base=USD&target=EUR&period=1m'"
    ));
    say(format_args!(
        "  curl '{api}/api/v1/history/compare?targets=USD,EUR,JPY&period=3m'"
    ));
    say(format_args!(
        "  curl -H 'Content-Type: application/json' -d '{{\"country\":\"US\",\"user_id\":\"me\"}}' '{api}/api/v1/rankings/click' && curl '{api}/api/v1/rankings?period=daily'"
    ));
    if state.live {
        say("\nHistory is there after ./localstack/backfill\n");
    } else {
        say("\nHistory reaches back a year; all of it since 1999 is there after ./localstack/backfill\n");
    }
    if let Some(bridge) = state.endpoints.docker {
        say(format_args!(
            "Functions in containers reach all of it at {bridge}; what gives `sam local` these addresses: ./localstack/sam-env\n"
        ));
    }
    if let Some(console) = &state.endpoints.console {
        say(format_args!("Open the console: {console}\n"));
    }
}

/// Where everything is.
pub(super) fn print_endpoints(state: &State) {
    say("");
    for (name, address) in state.endpoints.named() {
        say(format_args!("  {name:<12} {address}"));
    }
    for (name, url) in &state.endpoints.queues {
        say(format_args!("  {:<12} {name}  {url}", "queue"));
    }
    say("");
}
