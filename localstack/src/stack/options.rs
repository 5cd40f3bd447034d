//! How a stack is to run: the options of `up`, parsed here once, and written as arguments again for the process that `up` starts. Everybody who starts something
//! is given the whole struct; nobody else reads an argument or a variable for it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use emulator::PartialResponse;

/// The options of one stack.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct StackOptions {
    /// Ask the providers themselves instead of the feed
    #[arg(long)]
    pub live: bool,
    /// Business days before the newest at which the feed starts
    #[arg(long, env = "FEED_DAYS", default_value_t = 5, value_name = "DAYS")]
    pub feed_days: usize,
    /// Seconds from one business day of the feed to the next
    #[arg(long, env = "FEED_STEP", default_value_t = 4, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub feed_step: u64,
    /// Port of the HTTP API; 9000, or another when that is in use, without it
    #[arg(long, env = "HWANYUL_API_PORT", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub api_port: Option<u16>,
    /// What the console shows of the pipeline: control lets it be worked with from the page, view only looks, off serves no page
    #[arg(long, env = "HWANYUL_CONSOLE", value_enum, default_value_t, value_name = "MODE")]
    pub console: ConsoleMode,
    /// Port of the console; 8000, or another when that is in use, without it
    #[arg(long, env = "HWANYUL_CONSOLE_PORT", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub console_port: Option<u16>,
    /// What a partial batch response of a function means for the records that it does not name
    #[arg(
        long,
        env = "HWANYUL_PARTIAL_RESPONSE",
        value_enum,
        default_value_t,
        value_name = "READING"
    )]
    pub partial_response: PartialResponse,
    /// Let functions in containers reach the stack, at the address of Docker's bridge, for `sam local`
    #[arg(long)]
    pub docker: bool,
    /// A parameter of template.yaml, such as Providers=ecb,koreaexim; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    pub parameters: Vec<TemplateParameter>,
    // From the environment alone, because a command line is for all to see, and the URI may hold a password.
    /// A MongoDB to use instead of starting one, from `MONGODB_URI`.
    #[arg(skip = MongodbUri::from_env(|name| std::env::var(name).ok()))]
    pub mongodb_uri: Option<MongodbUri>,
}

/// What the console shows of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ConsoleMode {
    /// It is seen and can be worked with: runs, poison, servers that are stopped and started.
    #[default]
    Control,
    /// It is seen.
    View,
    /// There is no console.
    Off,
}

/// One parameter of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateParameter {
    /// Its name.
    pub name: String,
    /// Its value, which may be empty.
    pub value: String,
}

/// A parameter that cannot be read. Whoever parses arguments says which option and which value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be NAME=VALUE, such as Providers=ecb,koreaexim")]
pub struct ParameterError;

impl FromStr for TemplateParameter {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(ParameterError),
        }
    }
}

impl fmt::Display for TemplateParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// The URI of a MongoDB that somebody brought; it may hold a password, so nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct MongodbUri(String);

impl MongodbUri {
    fn from_env(get: impl Fn(&str) -> Option<String>) -> Option<Self> {
        get("MONGODB_URI").filter(|uri| !uri.is_empty()).map(Self)
    }

    /// As functions need it.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }

    /// As it may be shown: who logs in, and with what, is left out.
    pub(super) fn without_password(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return "***".to_owned();
        };
        let (hosts, path) = match rest.split_once('/') {
            Some((hosts, path)) => (hosts, format!("/{path}")),
            None => (rest, String::new()),
        };
        match hosts.rsplit_once('@') {
            Some((_, hosts)) => format!("{scheme}://***@{hosts}{path}"),
            None => self.0.clone(),
        }
    }
}

impl fmt::Debug for MongodbUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_password())
    }
}

impl StackOptions {
    /// The arguments that these options are parsed from. MongoDB's URI is not among them: a process that this one starts has it from the same environment.
    pub(crate) fn to_arguments(&self) -> Vec<OsString> {
        let valued = [
            ("--feed-days", Some(self.feed_days.to_string())),
            ("--feed-step", Some(self.feed_step.to_string())),
            ("--api-port", self.api_port.map(|port| port.to_string())),
            ("--console", word(self.console)),
            ("--console-port", self.console_port.map(|port| port.to_string())),
            ("--partial-response", word(self.partial_response)),
        ];
        let valued = valued.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let parameters = self
            .parameters
            .iter()
            .map(|parameter| ("--parameter", parameter.to_string()));
        let flags = [("--live", self.live), ("--docker", self.docker)];
        let flags = flags
            .into_iter()
            .filter(|(_, is_set)| *is_set)
            .map(|(name, _)| name.into());
        let valued = valued
            .chain(parameters)
            .flat_map(|(name, value)| [name.into(), value.into()]);
        flags.chain(valued).collect()
    }

    /// The template's parameters that somebody gave, with the MongoDB that somebody brought; of a name that is given twice the last counts.
    pub(super) fn given_parameters(&self) -> BTreeMap<String, String> {
        let brought = self
            .mongodb_uri
            .iter()
            .map(|uri| ("MongodbUri".to_owned(), uri.secret().to_owned()));
        let given = self
            .parameters
            .iter()
            .map(|given| (given.name.clone(), given.value.clone()));
        brought.chain(given).collect()
    }
}

/// A choice in the word that it is parsed from.
fn word(choice: impl ValueEnum) -> Option<String> {
    Some(choice.to_possible_value()?.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        options: StackOptions,
    }

    fn parsed(arguments: impl IntoIterator<Item = OsString>) -> StackOptions {
        let all = std::iter::once("localstack".into()).chain(arguments);
        Cli::try_parse_from(all).unwrap().options
    }

    #[test]
    fn the_arguments_of_options_are_parsed_to_the_same_options() {
        let defaults = parsed([]);
        assert_eq!(parsed(defaults.to_arguments()), defaults);
        let every = "--live --docker --feed-days 9 --feed-step 2 --api-port 9100 --console view --console-port 8100 --partial-response from-first-named --parameter Providers=ecb,koreaexim --parameter Empty=";
        let every = parsed(every.split(' ').map(OsString::from));
        assert_eq!((every.feed_days, every.feed_step, every.api_port), (9, 2, Some(9100)));
        assert_eq!(every.parameters[1].to_string(), "Empty=");
        assert_eq!(parsed(every.to_arguments()), every);
    }

    #[test]
    fn a_refused_option_is_named_with_its_value_and_what_is_allowed() {
        for (arguments, named) in [
            (
                ["--parameter", "Providers"],
                "'Providers' for '--parameter <NAME=VALUE>': must be NAME=VALUE",
            ),
            (
                ["--parameter", "=ecb"],
                "'=ecb' for '--parameter <NAME=VALUE>': must be NAME=VALUE",
            ),
            (["--feed-step", "0"], "0 is not in 1.."),
            (["--console", "all"], "control, view, off"),
        ] {
            let refused = Cli::try_parse_from(["localstack"].into_iter().chain(arguments))
                .unwrap_err()
                .to_string();
            assert!(refused.contains(named), "{refused}");
        }
    }

    #[test]
    fn a_shown_uri_has_no_password() {
        for (uri, shown) in [
            ("mongodb://127.0.0.1:27017/hwanyul", "mongodb://127.0.0.1:27017/hwanyul"),
            (
                "mongodb+srv://me:p@ss@a.example,b.example/x?w=1",
                "mongodb+srv://***@a.example,b.example/x?w=1",
            ),
            ("mongodb://me:secret@a.example", "mongodb://***@a.example"),
            ("secret", "***"),
        ] {
            let uri = MongodbUri::from_env(|_| Some(uri.to_owned())).unwrap();
            assert_eq!(uri.without_password(), shown);
            assert_eq!(format!("{uri:?}"), shown);
        }
        assert_eq!(MongodbUri::from_env(|_| Some(String::new())), None);
    }
}
