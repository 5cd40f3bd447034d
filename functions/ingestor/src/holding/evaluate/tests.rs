//! Each way in which a held observation ends, against values chosen by hand.

use shared::currency::CurrencyCode;

use super::*;

fn observed(day: u32, quotation: &str) -> HeldRate {
    let at = |day: u32| format!("2026-10-{day:02}T13:15:00Z").parse().unwrap();
    HeldRate {
        recorded_at: at(day),
        deal_base_rate: "1".parse().unwrap(),
        tts: None,
        ttb: None,
        quotation: quotation.parse().unwrap(),
        previous: "100".parse().unwrap(),
        previous_at: at(1),
        change_percent: String::new(),
        held_since: at(day),
        swapped_with: None,
    }
}

/// What becomes of quotations of the 2nd, 3rd, … after 100 on the 1st: published, held and dropped.
fn evaluation(quotations: &[&str]) -> [Vec<String>; 3] {
    let publications = (2..)
        .zip(quotations)
        .map(|(day, quotation)| observed(day, quotation))
        .collect();
    let accepted = Level::of(&observed(1, "100"));
    let evaluation = replay(Some(accepted), Vec::new(), publications, Decimal::TEN);
    [evaluation.published, evaluation.held, evaluation.dropped]
        .map(|rates| rates.iter().map(|rate| rate.quotation.to_string()).collect())
}

fn jump(rate: HeldRate) -> Candidate {
    Candidate { rate, is_jump: true }
}

#[test]
fn a_change_beyond_the_limit_is_held_in_either_direction() {
    assert_eq!(evaluation(&["110", "121"]), [vec!["110", "121"], vec![], vec![]]);
    assert_eq!(evaluation(&["110.01"]), [vec![], vec!["110.01"], vec![]]);
    assert_eq!(evaluation(&["90"]), [vec!["90"], vec![], vec![]]);
    assert_eq!(evaluation(&["89.9"]), [vec![], vec!["89.9"], vec![]]);
}

#[test]
fn two_publications_that_agree_release_what_they_agree_with() {
    assert_eq!(evaluation(&["80", "81"]), [vec![], vec!["80", "81"], vec![]]);
    assert_eq!(
        evaluation(&["80", "81", "79"]),
        [vec!["80", "81", "79"], vec![], vec![]]
    );
    assert_eq!(
        evaluation(&["80", "81", "82"]),
        [vec![], vec!["80", "81", "82"], vec![]]
    );
}

#[test]
fn the_fourth_beyond_the_limit_on_one_side_releases_all() {
    assert_eq!(
        evaluation(&["120", "130", "140", "115"]),
        [vec!["120", "130", "140", "115"], vec![], vec![]]
    );
    assert_eq!(
        evaluation(&["120", "130", "80", "140"]),
        [vec![], vec!["120", "130", "80", "140"], vec![]]
    );
}

#[test]
fn an_error_in_the_midst_of_a_move_is_not_released_with_it() {
    // The fourth beyond the limit, ten times too large: the move before it is published, and it is held as a jump from that.
    assert_eq!(
        evaluation(&["120", "130", "140", "1400"]),
        [vec!["120", "130", "140"], vec!["1400"], vec![]]
    );
    assert_eq!(
        evaluation(&["120", "130", "140", "1400", "141"]),
        [vec!["120", "130", "140", "141"], vec![], vec!["1400"]]
    );
    // The third, and the fourth is as before.
    assert_eq!(
        evaluation(&["120", "130", "1300", "145"]),
        [vec!["120", "130", "145"], vec![], vec!["1300"]]
    );
    // The first, of a move that is large itself.
    assert_eq!(
        evaluation(&["1000", "180", "195", "210"]),
        [vec!["180", "195", "210"], vec![], vec!["1000"]]
    );
    // On the other side.
    assert_eq!(
        evaluation(&["80", "75", "70", "7"]),
        [vec!["80", "75", "70"], vec!["7"], vec![]]
    );
    // A move by leaps is on its way, each of them.
    assert_eq!(
        evaluation(&["120", "140", "160", "150"]),
        [vec!["120", "140", "160", "150"], vec![], vec![]]
    );
}

#[test]
fn a_spike_that_fades_is_published_and_one_that_is_taken_back_is_not() {
    assert_eq!(evaluation(&["120", "103"]), [vec!["120", "103"], vec![], vec![]]);
    assert_eq!(evaluation(&["120", "102"]), [vec!["102"], vec![], vec!["120"]]);
    assert_eq!(evaluation(&["10000", "105"]), [vec!["105"], vec![], vec!["10000"]]);
    assert_eq!(evaluation(&["10", "95"]), [vec!["95"], vec![], vec!["10"]]);
}

#[test]
fn a_true_jump_after_an_error_drops_the_error_alone() {
    assert_eq!(evaluation(&["10000", "115"]), [vec![], vec!["115"], vec!["10000"]]);
    assert_eq!(
        evaluation(&["112", "10000", "112.5", "113"]),
        [vec!["112", "112.5", "113"], vec![], vec!["10000"]]
    );
}

#[test]
fn the_same_document_again_changes_nothing_and_a_correction_replaces() {
    let accepted = Level::of(&observed(1, "100"));
    let held = [observed(2, "120"), observed(3, "121")];
    let evaluated =
        |new: HeldRate, is_jump| evaluate(accepted, &held, Candidate { rate: new, is_jump }, None, Decimal::TEN);
    assert_eq!(evaluated(held[1].clone(), true).held, held);
    assert_eq!(
        evaluated(observed(3, "130"), true).held,
        [held[0].clone(), observed(3, "130")]
    );
    let corrected = evaluated(observed(3, "105"), false);
    assert_eq!(
        (corrected.published, corrected.held),
        (vec![held[0].clone(), observed(3, "105")], vec![])
    );
    // A copy of the older document decides about its own day alone.
    assert_eq!(evaluated(held[0].clone(), true).held, held);
    let older = evaluated(observed(2, "101"), false);
    assert_eq!(
        (older.published, older.held),
        (vec![observed(2, "101")], vec![held[1].clone()])
    );
}

#[test]
fn what_a_second_source_confirms_is_published_with_all_before_it() {
    let accepted = Level::of(&observed(1, "100"));
    let held = [observed(2, "120")];
    let confirmed = |day: u32| Some(observed(day, "1").recorded_at);
    let both = evaluate(accepted, &held, jump(observed(3, "125")), confirmed(3), Decimal::TEN);
    assert_eq!((both.published.len(), both.held.len()), (2, 0));
    let first = evaluate(accepted, &held, jump(observed(3, "12500")), confirmed(2), Decimal::TEN);
    assert_eq!(
        (first.published, first.held),
        (held.to_vec(), vec![observed(3, "12500")])
    );
}

#[test]
fn one_of_two_numbers_in_each_others_place_is_dropped_as_soon_as_the_level_is_back() {
    // 106 takes back less than seven eighths: by itself a spike that fades, so it is published.
    let next = || observed(3, "106");
    let accepted = || Level::of(&observed(1, "100"));
    let alone = replay(Some(accepted()), vec![observed(2, "116")], vec![next()], Decimal::TEN);
    assert_eq!((alone.published.len(), alone.dropped.len()), (2, 0));
    let swapped = |quotation| HeldRate {
        swapped_with: Some(CurrencyCode::EUR),
        ..observed(2, quotation)
    };
    let evaluation = replay(Some(accepted()), vec![swapped("116")], vec![next()], Decimal::TEN);
    assert_eq!(evaluation.dropped, [swapped("116")]);
    assert_eq!(evaluation.published, [next()]);
    // Its partner moved by less than a jump, and is held all the same until then.
    let evaluation = replay(Some(accepted()), Vec::new(), vec![swapped("91")], Decimal::TEN);
    assert_eq!(evaluation.held, [swapped("91")]);
    let evaluation = replay(Some(accepted()), evaluation.held, vec![next()], Decimal::TEN);
    assert_eq!(evaluation.dropped, [swapped("91")]);
    // What the next repeats was true: it only looked like another's.
    let evaluation = replay(
        Some(accepted()),
        vec![swapped("91")],
        vec![observed(3, "92")],
        Decimal::TEN,
    );
    assert_eq!((evaluation.published.len(), evaluation.dropped.len()), (2, 0));
}
