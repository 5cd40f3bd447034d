//! The stack as a container finds it: its addresses at Docker's bridge, and the template with these.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use emulator::{Deployment, Template};

use crate::stack::parameters::parameters;
use crate::stack::{Endpoints, STACK_NAME, StackError, StackPaths, State};

/// The template as containers are to see it.
pub(super) fn template(paths: &StackPaths, state: &State, endpoints: &Endpoints) -> Result<Template, StackError> {
    let nothing = BTreeMap::new();
    let (host, container) = (parameters(&state.endpoints, &nothing), parameters(endpoints, &nothing));
    let given = state.parameters.iter().map(|(name, value)| {
        // What somebody gave by hand stays as it is.
        let value = match (host.get(name), container.get(name)) {
            (Some(own), Some(reachable)) if own == value => reachable,
            _ => value,
        };
        (name.clone(), value.clone())
    });
    let mut deployment = Deployment::new(STACK_NAME, given.collect());
    let template = Template::load(paths.template(), &deployment)?;
    let urls = template.queues.iter().filter_map(|queue| {
        let url = state.endpoints.queues.get(&queue.name)?;
        Some((queue.logical_id.clone(), url.clone()))
    });
    deployment.queue_urls = urls.collect();
    Ok(Template::load(paths.template(), &deployment)?)
}

/// Where a container finds what the stack has at 127.0.0.1. A MongoDB that somebody brought is where they said.
pub(super) fn endpoints(bridge: Ipv4Addr, state: &State) -> Endpoints {
    let bridge = bridge.to_string();
    let there = |address: &str| address.replacen("127.0.0.1", &bridge, 1);
    let own = &state.endpoints;
    Endpoints {
        kafka: there(&own.kafka),
        redis: there(&own.redis),
        database: there(&own.database),
        mongo: match state.servers.contains_key("mongo") {
            true => there(&own.mongo),
            false => own.mongo.clone(),
        },
        sqs: there(&own.sqs),
        lambda: there(&own.lambda),
        feed: own.feed.as_deref().map(there),
        ..own.clone()
    }
}
