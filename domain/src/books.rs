//! The chart of accounts that the shop posts to, and what a journal entry can record.

use crate::order::Tender;

named! {
    /// What an account holds; it decides on which statement the account stands.
    AccountKind {
        Asset "asset",
        Liability "liability",
        Equity "equity",
        Income "income",
        Expense "expense",
    }
    /// An account that the shop's own postings go to. Its text is the stable key that postings hold; number and name are in
    /// [`Account::chart`].
    Account {
        /// At the bank and in the till.
        Cash "cash",
        /// Captured by the card gateway and not paid out.
        GatewayClearing "gateway_clearing",
        /// Owed by shoppers and couriers.
        AccountsReceivable "accounts_receivable",
        /// Stock on hand, at cost.
        Inventory "inventory",
        /// Tax owed to the state.
        VatPayable "vat_payable",
        /// Products sold, without tax.
        Sales "sales",
        /// Money given back, without tax.
        SalesReturns "sales_returns",
        /// Delivery charged, without tax.
        DeliveryIncome "delivery_income",
        /// Stock that left, at cost.
        CostOfGoodsSold "cost_of_goods_sold",
        /// Stock found and lost, at cost.
        InventoryAdjustment "inventory_adjustment",
        /// What the card gateway keeps of what it pays out.
        GatewayFees "gateway_fees",
    }
    /// What a journal entry records. With its reference, the id of what caused it, it is posted once.
    EntryKind {
        /// A sale; its reference is the order.
        OrderPlaced "order.placed",
        /// The sale is reversed; its reference is the order.
        OrderCancelled "order.cancelled",
        /// Less is due of an order; its reference is the parcel that came back, or the first of the credit lines of what was cancelled.
        OrderReduced "order.reduced",
        /// Money arrived; its reference is the payment.
        PaymentCaptured "payment.captured",
        /// Money went back; its reference is the refund.
        PaymentRefunded "payment.refunded",
        /// Money of a cancelled order went back; its reference is the refund.
        PaymentReturned "payment.returned",
        /// A refund failed after it was booked; its reference is the refund.
        RefundReversed "payment.refund_reversed",
        /// Goods left; its reference is the parcel.
        ParcelShipped "parcel.shipped",
        /// Goods came back; its reference is the parcel.
        ParcelReturned "parcel.returned",
        /// Its reference is the first movement of what was received together.
        StockReceived "stock.received",
        /// Its reference is the movement.
        StockAdjusted "stock.adjusted",
    }
}

impl Account {
    /// Its number in the chart of accounts, its name and its kind, as a new shop begins with them: 1 assets, 2 liabilities, 4 income,
    /// 5 cost of sales, 6 expenses.
    #[must_use]
    pub const fn chart(self) -> (&'static str, &'static str, AccountKind) {
        match self {
            Self::Cash => ("1010", "Cash", AccountKind::Asset),
            Self::GatewayClearing => ("1050", "Card gateway clearing", AccountKind::Asset),
            Self::AccountsReceivable => ("1100", "Accounts receivable", AccountKind::Asset),
            Self::Inventory => ("1200", "Inventory", AccountKind::Asset),
            Self::VatPayable => ("2100", "VAT payable", AccountKind::Liability),
            Self::Sales => ("4000", "Sales", AccountKind::Income),
            Self::SalesReturns => ("4100", "Sales returns", AccountKind::Income),
            Self::DeliveryIncome => ("4200", "Delivery income", AccountKind::Income),
            Self::CostOfGoodsSold => ("5000", "Cost of goods sold", AccountKind::Expense),
            Self::InventoryAdjustment => ("5100", "Inventory adjustment", AccountKind::Expense),
            Self::GatewayFees => ("6100", "Card gateway fees", AccountKind::Expense),
        }
    }

    /// Where money is that was paid in this way.
    #[must_use]
    pub const fn of_money(tender: Tender) -> Self {
        match tender {
            Tender::Cash => Self::Cash,
            Tender::Card => Self::GatewayClearing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_a_number_of_its_own_that_begins_with_its_kind() {
        let mut numbers: Vec<&str> = Account::ALL.iter().map(|account| account.chart().0).collect();
        for account in Account::ALL {
            let (number, _, kind) = account.chart();
            let digits = match kind {
                AccountKind::Asset => "1",
                AccountKind::Liability => "2",
                AccountKind::Equity => "3",
                AccountKind::Income => "4",
                AccountKind::Expense => "56",
            };
            assert!(number.len() == 4 && digits.contains(&number[..1]), "{account} has the number {number}");
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), Account::ALL.len());
    }
}
