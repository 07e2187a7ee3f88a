//! Which notices about a cart are shown, and for how long.

use domain::view::{CartLineView, CartNotice, CartView};

/// Notices for quantities that the server cut because fewer are left; not for those that were reduced on another device.
pub(super) fn cuts(mine: &CartView, theirs: &CartView) -> Vec<CartNotice> {
    let cut = |line: &CartLineView| {
        let before = mine.lines.iter().find(|own| own.variant == line.variant)?.quantity.get();
        let (name, to) = (line.name.clone(), line.quantity.get());
        (to < before && line.available < before).then_some(CartNotice::QuantityCut { name, from: before, to })
    };
    theirs.lines.iter().filter_map(cut).collect()
}

/// Does the notice still apply? A notice about a line does not once the line was removed by the shopper.
pub(super) fn still_applies(notice: &CartNotice, lines: &[CartLineView]) -> bool {
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
    fn a_quantity_that_the_server_cut_gives_a_notice() {
        let (mut mine, mut theirs) = (crate::cart::empty(), crate::cart::empty());
        mine.lines = vec![line(10_000, 3), line(5_000, 1), line(8_000, 4)];
        theirs.lines = vec![line(10_000, 2), line(5_000, 1), line(7_000, 1), line(8_000, 1)];
        theirs.lines[0].available = 2;
        assert_eq!(cuts(&mine, &theirs), [CartNotice::QuantityCut { name: "Mug".into(), from: 3, to: 2 }]);
    }

    #[test]
    fn a_notice_about_a_removed_item_is_dropped() {
        let cut = CartNotice::QuantityCut { name: "Mug".into(), from: 30, to: 23 };
        assert!(still_applies(&cut, &[line(10_000, 23)]));
        assert!(!still_applies(&cut, &[]));
        assert!(still_applies(&CartNotice::Gone { name: "Mug".into() }, &[]));
    }
}
