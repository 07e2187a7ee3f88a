//! Progress of long commands: a bar with an estimate on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Where there is no terminal, lines are printed at most this often.
const LINE_INTERVAL: Duration = Duration::from_secs(2);

pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    began: Instant,
    last: Mutex<Instant>,
}

impl Progress {
    /// Shows the progress on standard error.
    pub fn new(what: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} {bar:32} {human_pos} of {human_len}, {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(0).with_style(style).with_message(what);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { what, bar, began: Instant::now(), last: Mutex::new(Instant::now()) }
    }

    pub fn step(&self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            return;
        }
        let Ok(mut last) = self.last.lock() else { return };
        if last.elapsed() >= LINE_INTERVAL && done < total {
            *last = Instant::now();
            eprintln!("{}: {done} of {total}, {} left", self.what, left(self.began.elapsed(), done, total));
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The estimated time for the rest.
fn left(elapsed: Duration, done: u64, total: u64) -> String {
    if done == 0 {
        return "unknown time".to_owned();
    }
    let seconds = elapsed.as_secs_f64() * (total.saturating_sub(done)) as f64 / done as f64;
    match seconds.round() as u64 {
        s if s < 90 => format!("{s} s"),
        s => format!("{} min", (s + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remaining_time_is_estimated_from_the_speed_so_far() {
        assert_eq!(left(Duration::from_secs(10), 25, 100), "30 s");
        assert_eq!(left(Duration::from_secs(60), 10, 100), "9 min");
        assert_eq!(left(Duration::from_secs(1), 0, 100), "unknown time");
    }
}
