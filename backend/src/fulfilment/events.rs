//! Events of parcels. The order is their subject.

use domain::id::{OrderId, ParcelId};
use domain::order::{ReturnCause, ReturnedItems};
use serde::{Deserialize, Serialize};

use platform::events::Event;

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident $kind:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            pub parcel: ParcelId,
        }

        impl Event for $name {
            const KIND: &'static str = $kind;
            type Subject = OrderId;
        }
    )*};
}

steps! {
    ParcelPicked "parcel.picked"
    ParcelPacked "parcel.packed"
    ParcelDelivered "parcel.delivered"
    /// Unpacked before it was shipped.
    ParcelCancelled "parcel.cancelled"
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParcelShipped {
    pub parcel: ParcelId,
    /// Empty for what was handed over at a counter.
    pub courier: String,
    /// The courier's tracking number; may be empty.
    pub tracking: String,
}

impl Event for ParcelShipped {
    const KIND: &'static str = "parcel.shipped";
    type Subject = OrderId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParcelReturned {
    pub parcel: ParcelId,
    pub cause: ReturnCause,
    #[serde(rename = "goods")]
    pub items: ReturnedItems,
    pub units: i64,
}

impl Event for ParcelReturned {
    const KIND: &'static str = "parcel.returned";
    type Subject = OrderId;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn events_are_stored_with_the_words_of_their_tables() {
        let parcel = ParcelId(Uuid::nil());
        let returned = ParcelReturned { parcel, cause: ReturnCause::Refused, items: ReturnedItems::WriteOff, units: 2 };
        let stored = json!({ "parcel": parcel, "cause": "refused", "goods": "write_off", "units": 2 });
        assert_eq!(serde_json::to_value(returned).ok(), Some(stored));
        assert_eq!(serde_json::to_value(ParcelPicked { parcel }).ok(), Some(json!({ "parcel": parcel })));
    }
}
