//! What is news about a cart, and for how long.

use domain::view::{CartLineView, CartNotice, CartView};

/// Of what fewer are left than the browser's cart has. What was made less elsewhere, as on another device, is no news.
pub(super) fn cuts(mine: &CartView, theirs: &CartView) -> Vec<CartNotice> {
    let cut = |line: &CartLineView| {
        let before = mine.lines.iter().find(|known| known.variant == line.variant)?.quantity.get();
        let (name, to) = (line.name.clone(), line.quantity.get());
        (to < before && line.available < before).then_some(CartNotice::QuantityCut { name, from: before, to })
    };
    theirs.lines.iter().filter_map(cut).collect()
}

/// Is it still news? What is said of a line is none once the line was taken out; that the shop took one out is.
pub(super) fn is_news(notice: &CartNotice, lines: &[CartLineView]) -> bool {
    match notice {
        CartNotice::PriceChanged { name, .. } | CartNotice::QuantityCut { name, .. } | CartNotice::SoldOut { name } => {
            lines.iter().any(|line| line.name == *name)
        }
        CartNotice::Gone { .. } | CartNotice::DiscountRefused { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::tests::line;

    #[test]
    fn what_the_server_has_fewer_of_is_said() {
        let (mut mine, mut theirs) = (crate::cart::empty(), crate::cart::empty());
        mine.lines = vec![line(10_000, 3), line(5_000, 1), line(8_000, 4)];
        theirs.lines = vec![line(10_000, 2), line(5_000, 1), line(7_000, 1), line(8_000, 1)];
        theirs.lines[0].available = 2;
        assert_eq!(cuts(&mine, &theirs), [CartNotice::QuantityCut { name: "Mug".into(), from: 3, to: 2 }]);
    }

    #[test]
    fn what_was_taken_out_is_no_news_any_more() {
        let cut = CartNotice::QuantityCut { name: "Mug".into(), from: 30, to: 23 };
        assert!(is_news(&cut, &[line(10_000, 23)]));
        assert!(!is_news(&cut, &[]));
        assert!(is_news(&CartNotice::Gone { name: "Mug".into() }, &[]));
    }
}
