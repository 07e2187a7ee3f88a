//! Values for `$1`, `$2` …: `&[&order, &total]`.

use domain::{Currency, Timestamp};
use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use uuid::Uuid;

/// A value that both databases take.
pub trait Bind: Sync {
    /// Adds itself to SQLite's arguments.
    ///
    /// # Errors
    /// When it cannot be encoded.
    fn sqlite(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError>;
    /// Adds itself to Postgres' arguments.
    ///
    /// # Errors
    /// When it cannot be encoded.
    fn postgres(&self, to: &mut PgArguments) -> Result<(), BoxDynError>;
}

/// The values of one statement.
pub type Binds<'a> = &'a [&'a dyn Bind];

/// Postgres takes no NUL in a text, so it is left out.
fn text(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() }
}

macro_rules! bind {
    ($($type:ty => |$v:ident| $value:expr;)*) => {$(
        impl Bind for $type {
            fn sqlite(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
                let $v = self;
                Arguments::add(to, $value)
            }
            fn postgres(&self, to: &mut PgArguments) -> Result<(), BoxDynError> {
                let $v = self;
                Arguments::add(to, $value)
            }
        }
    )*};
}

bind! {
    i64 => |v| *v;
    i32 => |v| i64::from(*v);
    bool => |v| i64::from(*v);
    super::Flag => |v| i64::from(v.0);
    String => |v| text(v);
    &str => |v| text(v);
    Vec<u8> => |v| v.clone();
    &[u8] => |v| v.to_vec();
    Uuid => |v| *v;
    Timestamp => |v| v.millis();
    Currency => |v| v.code().to_owned();
    Option<i64> => |v| *v;
    Option<bool> => |v| v.map(i64::from);
    Option<String> => |v| v.as_deref().map(text);
    Option<&str> => |v| v.map(text);
    Option<Vec<u8>> => |v| v.clone();
    Option<Uuid> => |v| *v;
    Option<Currency> => |v| v.map(|c| c.code().to_owned());
    Option<Timestamp> => |v| v.map(Timestamp::millis);
}

macro_rules! bind_ids {
    ($($id:ident)*) => {$(
        impl Bind for domain::id::$id {
            fn sqlite(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> { self.0.sqlite(to) }
            fn postgres(&self, to: &mut PgArguments) -> Result<(), BoxDynError> { self.0.postgres(to) }
        }
        impl Bind for Option<domain::id::$id> {
            fn sqlite(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> { self.map(|id| id.0).sqlite(to) }
            fn postgres(&self, to: &mut PgArguments) -> Result<(), BoxDynError> { self.map(|id| id.0).postgres(to) }
        }
    )*};
}

bind_ids! {
    CategoryId ProductId VariantId PictureId PriceListId TaxRateId CartId OrderId OrderLineId ReservationId LocationId MovementId PaymentId
    PaymentEventId CaptureId PaymentAllocationId RefundId ParcelId ContactId CustomerId CustomerNoteId AddressId UserId SessionId InvitationId ApiKeyId EntryId EventId JobId RequestId DiscountId
    RefusalId
    SavedFilterId PageId ContactMessageId MenuEntryId HomeSectionId BackInStockRequestId ProductTypeId ProductFieldId BulkEditId
}

macro_rules! bind_states {
    ($($state:ident)*) => {$(
        impl Bind for domain::order::$state {
            fn sqlite(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> { self.as_str().sqlite(to) }
            fn postgres(&self, to: &mut PgArguments) -> Result<(), BoxDynError> { self.as_str().postgres(to) }
        }
    )*};
}

bind_states! { PaymentState FulfilmentState DeliveryState AttemptState ParcelState ReturnCause PaymentMethod Tender CaptureState Channel
LocationKind }
