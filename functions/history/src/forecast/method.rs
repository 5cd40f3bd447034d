//! The methods that a forecast is chosen from.

use augurs::Predict;
use augurs::ets::model::{ErrorComponent, ModelType, SeasonalComponent, TrendComponent, Unfit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a forecast is made. All but the first are fitted to the logarithms of the closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The last close.
    NoChange,
    /// The last close and the mean change.
    Drift,
    /// Simple exponential smoothing.
    ExponentialSmoothing,
    /// Exponential smoothing with a damped trend.
    DampedTrend,
}

impl Method {
    /// All of them, the simplest first.
    pub(super) const ALL: [Self; 4] = [
        Self::NoChange,
        Self::Drift,
        Self::ExponentialSmoothing,
        Self::DampedTrend,
    ];

    /// The next `steps` logarithms, each less the last of `logarithms`; `None` where the method cannot be fitted.
    pub(super) fn project(self, logarithms: &[f64], steps: usize) -> Option<Vec<f64>> {
        let (first, last) = (*logarithms.first()?, *logarithms.last()?);
        let projected = match self {
            Self::NoChange => vec![0.0; steps],
            Self::Drift => {
                let a_step = (last - first) / (logarithms.len() as f64 - 1.0);
                (1..=steps).map(|step| a_step * step as f64).collect()
            }
            Self::ExponentialSmoothing => smoothed(TrendComponent::None, logarithms, steps)?,
            Self::DampedTrend => smoothed(TrendComponent::Additive, logarithms, steps)?,
        };
        projected.iter().all(|step| step.is_finite()).then_some(projected)
    }
}

/// Exponential smoothing with additive errors and without season: "ANN", or "AAdN" with a trend, which is always damped.
fn smoothed(trend: TrendComponent, logarithms: &[f64], steps: usize) -> Option<Vec<f64>> {
    // `AutoETS` 0.10 finds no model at all for a specification without a trend, so the model is named instead of searched for.
    let model = Unfit::new(ModelType {
        error: ErrorComponent::Additive,
        trend,
        season: SeasonalComponent::None,
    });
    let last = logarithms.last()?;
    let fitted = model.damped(trend != TrendComponent::None).fit(logarithms).ok()?;
    let forecast = fitted.predict(steps, None).ok()?;
    Some(forecast.point.iter().map(|point| point - last).collect())
}
