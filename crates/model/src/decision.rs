//! What people decide about findings.
//!
//! In: nothing. Out: [`Decision`], one line of the decisions file. Its id follows from what it says, so the same decision
//! is the same line wherever it was copied from.

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FindingState, Fingerprint, Remembered};

/// The schema name of a decision.
pub const DECISION_SCHEMA: &str = "deep-review/decision/v1";

/// What was done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The code was repaired.
    Fixed,
    /// A test was written.
    TestWritten,
    /// The documentation was brought up to date.
    DocumentationUpdated,
    /// A comment explains it.
    Commented,
    /// It was left as it is, with a reason.
    Skipped,
    /// The repair of another finding settled it.
    AutoResolved,
    /// It does not apply any more.
    #[serde(rename = "n/a")]
    NotApplicable,
    /// It was decided against, with a reason.
    Declined,
    /// The risk is accepted by somebody until a day.
    RiskAccepted,
    /// An earlier decision was taken back.
    Reopened,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Fixed,
        Self::TestWritten,
        Self::DocumentationUpdated,
        Self::Commented,
        Self::Skipped,
        Self::AutoResolved,
        Self::NotApplicable,
        Self::Declined,
        Self::RiskAccepted,
        Self::Reopened,
    ];

    /// The name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::TestWritten => "test-written",
            Self::DocumentationUpdated => "documentation-updated",
            Self::Commented => "commented",
            Self::Skipped => "skipped",
            Self::AutoResolved => "auto-resolved",
            Self::NotApplicable => "n/a",
            Self::Declined => "declined",
            Self::RiskAccepted => "risk-accepted",
            Self::Reopened => "reopened",
        }
    }

    /// The words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fixed => "Fixed",
            Self::TestWritten => "Test written",
            Self::DocumentationUpdated => "Documentation updated",
            Self::Commented => "Commented",
            Self::Skipped => "Skipped",
            Self::AutoResolved => "Auto-resolved",
            Self::NotApplicable => "N/A",
            Self::Declined => "Declined",
            Self::RiskAccepted => "Risk accepted",
            Self::Reopened => "Reopened",
        }
    }

    /// The state it leaves a finding in.
    pub fn state(self) -> FindingState {
        match self {
            Self::Fixed | Self::TestWritten | Self::DocumentationUpdated | Self::Commented => {
                FindingState::Fixed
            }
            Self::Skipped | Self::Declined => FindingState::Declined,
            Self::AutoResolved => FindingState::Superseded,
            Self::NotApplicable => FindingState::Stale,
            Self::RiskAccepted => FindingState::Deferred,
            Self::Reopened => FindingState::Open,
        }
    }

    /// Whether it keeps a finding from being raised again.
    pub fn binds(self) -> bool {
        matches!(self, Self::Skipped | Self::Declined | Self::RiskAccepted)
    }

    /// Whether it has to say why.
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Skipped | Self::Declined)
    }
}

/// One decision of a person about one finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Always [`DECISION_SCHEMA`].
    pub schema: String,
    /// What names it: a hash over everything below.
    pub id: Fingerprint,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What was decided.
    pub action: Action,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who decided, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Who answers for an accepted risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The last day an accepted risk is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// The series of the run it was decided in.
    pub series: String,
    /// The finding as it stood.
    pub finding: Remembered,
}

impl Decision {
    /// The id that follows from what it says.
    pub fn computed_id(&self) -> Fingerprint {
        let bare = Self { id: Fingerprint::default(), ..self.clone() };
        Fingerprint::of(&[&serde_json::to_string(&bare).expect("plain data")])
    }

    /// The same with its id filled in.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.id = self.computed_id();
        self
    }

    /// Whether it still holds at a moment: an accepted risk ends with its day.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        let day = jiff::tz::TimeZone::UTC.to_datetime(now).date();
        self.until.is_none_or(|until| day <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(action: Action) -> Decision {
        Decision {
            schema: DECISION_SCHEMA.to_owned(),
            id: Fingerprint::default(),
            at: Timestamp::UNIX_EPOCH,
            action,
            reason: Some("by design".to_owned()),
            by: None,
            owner: None,
            until: None,
            series: "o/r@topic".to_owned(),
            finding: Remembered::default(),
        }
    }

    #[test]
    fn an_id_follows_from_what_is_said_and_survives_a_copy() {
        let one = decision(Action::Declined).sealed();
        let text = serde_json::to_string(&one).unwrap();
        let copy: Decision = serde_json::from_str(&text).unwrap();
        assert_eq!(copy.computed_id(), one.id);
        assert_ne!(decision(Action::Reopened).sealed().id, one.id);
    }

    #[test]
    fn an_accepted_risk_ends_with_its_day() {
        let until = Some(jiff::civil::date(2026, 3, 1));
        let risk = Decision { until, ..decision(Action::RiskAccepted) };
        assert!(risk.holds_at("2026-03-01T23:59:59Z".parse().unwrap()));
        assert!(!risk.holds_at("2026-03-02T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn names_are_what_json_says() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
    }
}
