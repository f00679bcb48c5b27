//! One test a case, and one a planted fault: the reference bot passes every case, and no case is so blind
//! that it passes a bot with the fault it is there for.

use std::process::ExitCode;

use bot_reference::Flaw;
use conformance::{Case, Verdict, cases, rehearse_case};
use libtest_mimic::{Arguments, Failed, Trial};

const SEED: u64 = 1;

fn passes(case: &'static Case) -> Result<(), Failed> {
    let verdict = rehearse_case(case, SEED, None).verdict;
    if verdict == Verdict::Passed { Ok(()) } else { Err(format!("{verdict:?}").into()) }
}

fn notices(case: &'static Case, flaw: Flaw) -> Result<(), Failed> {
    let verdict = rehearse_case(case, SEED, Some(flaw)).verdict;
    if matches!(verdict, Verdict::Failed(_)) {
        return Ok(());
    }
    Err(format!("with {} the case should fail, but: {verdict:?}", flaw.id()).into())
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let passed = cases::ALL.into_iter().map(|case| Trial::test(case.id, move || passes(case)));
    let killed = cases::ALL.into_iter().flat_map(|case| {
        case.kills.iter().map(move |&flaw| {
            let name = format!("{} notices {}", case.id, flaw.id());
            Trial::test(name, move || notices(case, flaw))
        })
    });
    let trials: Vec<Trial> = passed.chain(killed).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
