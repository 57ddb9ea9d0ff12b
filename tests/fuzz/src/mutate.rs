//! Mutations that are the same on every run.

/// xorshift64*.
struct Random(u64);

impl Random {
    /// From a seed, which is not 0.
    fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number below `limit`; 0 if that is 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % limit.max(1)
    }
}

/// Makes inputs out of others.
pub struct Mutator<'a> {
    random: Random,
    corpus: &'a [Vec<u8>],
    pieces: &'a [&'a str],
}

impl<'a> Mutator<'a> {
    /// Of a corpus that is not empty.
    #[must_use]
    pub fn new(seed: u64, corpus: &'a [Vec<u8>], pieces: &'a [&'a str]) -> Self {
        Self {
            random: Random::new(seed),
            corpus,
            pieces,
        }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut bytes = self.any().to_vec();
        for _ in 0..=self.random.below(4) {
            self.mutate(&mut bytes);
        }
        bytes
    }

    fn any(&mut self) -> &'a [u8] {
        &self.corpus[self.random.below(self.corpus.len())]
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.random.below(bytes.len() + 1);
        match self.random.below(10) {
            0..4 => {
                let piece = self.pieces[self.random.below(self.pieces.len())];
                bytes.splice(at..at, piece.bytes());
            }
            4 | 5 => {
                let end = (at + self.random.below(6)).min(bytes.len());
                bytes.drain(at..end);
            }
            6 => {
                let copy = self.part_of(bytes, at);
                let to = self.random.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            7 => {
                let other = self.any();
                let from = self.random.below(other.len() + 1);
                let part = self.part_of(other, from);
                bytes.splice(at..at, part);
            }
            8 if at < bytes.len() => bytes[at] ^= 1 << self.random.below(8),
            _ => {
                let byte = u8::try_from(self.random.below(256)).unwrap();
                bytes.insert(at, byte);
            }
        }
    }

    fn part_of(&mut self, bytes: &[u8], from: usize) -> Vec<u8> {
        let end = (from + self.random.below(40)).min(bytes.len());
        bytes[from..end].to_vec()
    }
}
