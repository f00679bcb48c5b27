#![allow(clippy::all, clippy::pedantic, clippy::print_stdout, clippy::disallowed_methods)]
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let from: u64 = a[1].parse().unwrap();
    let n: u64 = a[2].parse().unwrap();
    let bot = a.get(3).filter(|s| *s != "-").cloned();
    let pf = a.get(4).cloned();
    let t = std::time::Instant::now();
    let mut simd = std::time::Duration::ZERO;
    let mut by = std::collections::BTreeMap::new();
    for seed in from..from + n {
        let mut p = sim::plan::plan_of(seed);
        p.bot_flaw = bot.clone();
        p.platform_flaw = pf.clone();
        let l = sim::life::live(&p, false);
        simd += l.simulated;
        if let Some(b) = l.broken {
            println!(
                "{seed} {} at {:?} seq {:?}: {} [{}]",
                b.invariant,
                b.at,
                b.seq,
                b.text.chars().take(300).collect::<String>(),
                p.size()
            );
            *by.entry(b.invariant).or_insert(0) += 1;
        }
    }
    println!("{by:?} {n} worlds {:?} sim {:?}", t.elapsed(), simd);
}
