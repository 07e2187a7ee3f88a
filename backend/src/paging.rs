//! Pages of lists, forward and back, by the key of the row at their edge.

use domain::view::PageAt;

/// The rows of a page, and whether there are others on either side.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub rows: Vec<T>,
    pub has_previous: bool,
    pub has_next: bool,
}

impl<T> Page<T> {
    /// The keys of the page before and the page after.
    pub fn keys<K>(&self, key: impl Fn(&T) -> K) -> (Option<K>, Option<K>) {
        (self.rows.first().filter(|_| self.has_previous).map(&key), self.rows.last().filter(|_| self.has_next).map(&key))
    }
}

/// What is read for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// From the beginning of the list on.
    First,
    /// Behind the row with this key.
    After(String),
    /// Before the row with this key, the nearest first.
    Before(String),
}

/// Reads a page of `size` rows. `read` reads one row more than that.
///
/// The page before one that has no more rows before it than a page takes is the first one, in full: nothing is left out that came
/// meanwhile.
pub(crate) async fn read<T, E, F>(size: usize, at: &PageAt, read: impl Fn(Rows) -> F) -> Result<Page<T>, E>
where
    F: Future<Output = Result<Vec<T>, E>>,
{
    let forward = |mut rows: Vec<T>, has_previous| {
        let has_next = rows.len() > size;
        rows.truncate(size);
        Page { rows, has_previous, has_next }
    };
    if !at.before.is_empty() {
        let mut rows = read(Rows::Before(at.before.clone())).await?;
        if rows.len() > size {
            rows.truncate(size);
            rows.reverse();
            return Ok(Page { rows, has_previous: true, has_next: true });
        }
    } else if !at.after.is_empty() {
        let page = forward(read(Rows::After(at.after.clone())).await?, true);
        // Nothing is left behind the row of the key: the first page is what there is.
        if !page.rows.is_empty() {
            return Ok(page);
        }
    }
    Ok(forward(read(Rows::First).await?, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of the numbers that there are, in pages of three.
    fn page(numbers: &[u32], at: &PageAt) -> Page<u32> {
        let read_some = |rows: Rows| async move {
            let key = |key: &String| key.parse::<u32>().unwrap();
            let found: Vec<u32> = match &rows {
                Rows::First => numbers.iter().copied().take(4).collect(),
                Rows::After(after) => numbers.iter().copied().filter(|n| *n > key(after)).take(4).collect(),
                Rows::Before(before) => numbers.iter().rev().copied().filter(|n| *n < key(before)).take(4).collect(),
            };
            Ok::<_, ()>(found)
        };
        futures::executor::block_on(read(3, at, read_some)).unwrap()
    }

    fn after(key: u32) -> PageAt {
        PageAt { after: key.to_string(), ..PageAt::default() }
    }

    fn before(key: u32) -> PageAt {
        PageAt { before: key.to_string(), ..PageAt::default() }
    }

    #[test]
    fn pages_go_forward_and_back_and_stay_whole() {
        let numbers: Vec<u32> = (1..=8).collect();
        let first = page(&numbers, &PageAt::default());
        assert_eq!((&first.rows[..], first.keys(|n| *n)), (&[1, 2, 3][..], (None, Some(3))));
        let second = page(&numbers, &after(3));
        assert_eq!((&second.rows[..], second.keys(|n| *n)), (&[4, 5, 6][..], (Some(4), Some(6))));
        let third = page(&numbers, &after(6));
        assert_eq!((&third.rows[..], third.keys(|n| *n)), (&[7, 8][..], (Some(7), None)));
        assert_eq!(page(&numbers, &before(7)), second);
        assert_eq!(page(&numbers, &before(4)), first);
        // Fewer than a page before it: the first page, in full.
        assert_eq!(page(&numbers[1..], &before(4)).rows, [2, 3, 4]);
        // All behind the key is gone.
        assert_eq!(page(&numbers[..3], &after(6)), Page { rows: vec![1, 2, 3], has_previous: false, has_next: false });
    }
}
