//! Counts what the test runners report, so that one line can say how the whole run went.

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
}

impl Tally {
    /// Adds what one line of a runner's output reports, if it reports anything.
    pub fn add_line(&mut self, line: &str) {
        let line = line.trim();
        if let Some(counts) = line.strip_prefix("test result: ").or(line.strip_prefix("Tests ")) {
            // cargo: `ok. 12 passed; 0 failed; …`; vitest: `1 failed | 11 passed (12)`.
            self.add_words(counts);
        } else if let Some(counts) = line.strip_prefix("# ").or(line.strip_prefix("ℹ ")) {
            self.add_node(counts);
        } else if is_playwright_summary(line) {
            self.add_words(line);
        }
    }

    fn add_words(&mut self, counts: &str) {
        let words: Vec<&str> = counts.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            match (pair[0].parse::<usize>(), pair[1]) {
                (Ok(count), "passed") => self.passed += count,
                (Ok(count), "failed") => self.failed += count,
                _ => {}
            }
        }
    }

    /// Node's runner: `# pass 3`.
    fn add_node(&mut self, counts: &str) {
        match counts.split_once(' ').map(|(word, count)| (word, count.parse::<usize>())) {
            Some(("pass", Ok(count))) => self.passed += count,
            Some(("fail", Ok(count))) => self.failed += count,
            _ => {}
        }
    }
}

/// Playwright writes `12 passed (5.0s)` and `1 failed`, each on a line of its own.
fn is_playwright_summary(line: &str) -> bool {
    let mut words = line.split(' ');
    let counts = words.next().is_some_and(|word| word.parse::<usize>().is_ok());
    let known = matches!(words.next(), Some("passed" | "failed"));
    counts && known && words.all(|word| word.starts_with('('))
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(lines: &str) -> Tally {
        let mut tally = Tally::default();
        lines.lines().for_each(|line| tally.add_line(line));
        tally
    }

    #[test]
    fn counts_every_runner() {
        let cargo = "test result: ok. 12 passed; 1 failed; 2 ignored; 0 measured; finished in 0.5s";
        assert_eq!(tally(cargo), Tally { passed: 12, failed: 1 });
        let vitest = " Test Files  3 passed (3)\n      Tests  1 failed | 11 passed (12)";
        assert_eq!(tally(vitest), Tally { passed: 11, failed: 1 });
        assert_eq!(tally("# tests 4\n# pass 3\n# fail 1"), Tally { passed: 3, failed: 1 });
        assert_eq!(tally("  1 failed\n  12 passed (5.0s)"), Tally { passed: 12, failed: 1 });
    }

    #[test]
    fn leaves_other_lines_alone() {
        assert_eq!(tally("3 passed the gate\n2 of 3 failed\nTests are fun"), Tally::default());
    }
}
