//! Events of parcels. Their kinds begin with `shipment`, as the tables do.

use domain::id::{OrderId, ParcelId};
use domain::order::{ReturnCause, ReturnedItems};
use serde::{Deserialize, Serialize};

use platform::events::Event;

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident $kind:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            #[serde(rename = "shipment")]
            pub parcel: ParcelId,
        }

        impl Event for $name {
            const KIND: &'static str = $kind;
            type Subject = OrderId;
        }
    )*};
}

steps! {
    ParcelPicked "shipment.picked"
    ParcelPacked "shipment.packed"
    ParcelDelivered "shipment.delivered"
    /// Unpacked before it was shipped.
    ParcelCancelled "shipment.cancelled"
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParcelShipped {
    #[serde(rename = "shipment")]
    pub parcel: ParcelId,
    pub carrier: String,
    /// The courier's tracking number; may be empty.
    pub tracking: String,
}

impl Event for ParcelShipped {
    const KIND: &'static str = "shipment.shipped";
    type Subject = OrderId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParcelReturned {
    #[serde(rename = "shipment")]
    pub parcel: ParcelId,
    pub cause: ReturnCause,
    #[serde(rename = "goods")]
    pub items: ReturnedItems,
    pub units: i64,
}

impl Event for ParcelReturned {
    const KIND: &'static str = "shipment.returned";
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
        let stored = json!({ "shipment": parcel, "cause": "refused", "goods": "write_off", "units": 2 });
        assert_eq!(serde_json::to_value(returned).ok(), Some(stored));
        assert_eq!(serde_json::to_value(ParcelPicked { parcel }).ok(), Some(json!({ "shipment": parcel })));
    }
}
