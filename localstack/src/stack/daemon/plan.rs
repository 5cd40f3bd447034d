//! What one start will use, decided before anything is started: ports and addresses, Docker's bridge, the template and its parameters.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;

use chrono::Utc;
use emulator::{Deployment, Template};
use servers::ServersOptions;
use servers::process_table::Identity;

use super::ports::{ChosenPorts, choose};
use super::progress::Progress;
use crate::stack::bridge::Bridge;
use crate::stack::{Endpoints, STACK_NAME, StackError, StackOptions, StackPaths, State, parameters};

/// The plan of one start.
pub(super) struct StartPlan {
    pub(super) ports: ChosenPorts,
    /// Where everything will be; the queues' addresses are added when they are made.
    pub(super) endpoints: Endpoints,
    /// The network of functions in containers, when they may reach the stack.
    pub(super) bridge: Option<Bridge>,
    pub(super) template: Template,
    /// The parameters that the template is loaded with.
    pub(super) parameters: BTreeMap<String, String>,
}

impl StartPlan {
    /// Chooses ports, asks Docker for its bridge and loads the template.
    pub(super) async fn make(
        paths: &StackPaths,
        options: &StackOptions,
        progress: &Progress,
    ) -> Result<Self, StackError> {
        let (ports, mut endpoints) = choose(options, progress)?;
        let bridge = match options.docker {
            true => Some(Bridge::find().await?),
            false => None,
        };
        endpoints.docker = bridge.map(|bridge| bridge.address);
        let parameters = parameters::parameters(&endpoints, &options.given_parameters());
        let template = Template::load(paths.template(), &Deployment::new(STACK_NAME, parameters.clone()))?;
        Ok(Self {
            ports,
            endpoints,
            bridge,
            template,
            parameters,
        })
    }

    /// A parameter of the template, which may be another than the stack's own; empty when the template has none of that name.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The deployment with the queues that were made, by logical id.
    pub(super) fn deployment(&self, queue_urls: &BTreeMap<String, String>) -> Deployment {
        let mut deployment = Deployment::new(STACK_NAME, self.parameters.clone());
        deployment.queue_urls.clone_from(queue_urls);
        deployment
    }

    /// The options of the servers to start.
    pub(super) fn servers(&self, paths: &StackPaths, options: &StackOptions) -> ServersOptions {
        let ports = self.ports.servers;
        let proxy = self.bridge.zip(ports.kafka);
        ServersOptions {
            dir: paths.data(),
            log_dir: paths.logs(),
            ports,
            with_mongo: options.mongodb_uri.is_none(),
            kafka_proxy: proxy.map(|(bridge, port)| SocketAddrV4::new(bridge.address, port)),
        }
    }

    /// What commands find of the stack while it starts.
    pub(super) fn initial_state(&self, options: &StackOptions) -> Result<State, StackError> {
        let own = Identity::own();
        Ok(State {
            process: own.ok_or_else(|| StackError::system("read /proc")(std::io::ErrorKind::NotFound.into()))?,
            servers: BTreeMap::new(),
            started_at: Utc::now(),
            live: options.live,
            is_ready: false,
            endpoints: self.endpoints.clone(),
            parameters: self.parameters.clone(),
        })
    }
}
