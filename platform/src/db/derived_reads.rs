//! Reads that are the same for a transaction and for the database.

/// The reads that follow from `fetch_all`, as methods of their own, so that the trait need not be imported.
macro_rules! derived_reads {
    ($self:ident: $this:ty) => {
        /// The first row, when there is one.
        ///
        /// # Errors
        /// The database's.
        pub async fn fetch_optional<T: FromDb>($self: $this, sql: &'static str, binds: Binds<'_>) -> Result<Option<T>, DbError> {
            Ok($self.fetch_all::<T>(sql, binds).await?.into_iter().next())
        }

        /// The first row.
        ///
        /// # Errors
        /// [`DbError::NotFound`] when there is none.
        pub async fn fetch_one<T: FromDb>($self: $this, sql: &'static str, binds: Binds<'_>) -> Result<T, DbError> {
            $self.fetch_optional(sql, binds).await?.ok_or(DbError::NotFound)
        }

        /// The only column of all rows.
        ///
        /// # Errors
        /// The database's.
        pub async fn fetch_scalars<T: Scalar>($self: $this, sql: &'static str, binds: Binds<'_>) -> Result<Vec<T>, DbError> {
            Ok($self.fetch_all::<(T,)>(sql, binds).await?.into_iter().map(|(value,)| value).collect())
        }

        /// The only column of the first row, when there is one.
        ///
        /// # Errors
        /// The database's.
        pub async fn fetch_optional_scalar<T: Scalar>($self: $this, sql: &'static str, binds: Binds<'_>) -> Result<Option<T>, DbError> {
            Ok($self.fetch_optional::<(T,)>(sql, binds).await?.map(|(value,)| value))
        }

        /// The only column of the first row.
        ///
        /// # Errors
        /// [`DbError::NotFound`] when there is none.
        pub async fn fetch_scalar<T: Scalar>($self: $this, sql: &'static str, binds: Binds<'_>) -> Result<T, DbError> {
            $self.fetch_optional_scalar(sql, binds).await?.ok_or(DbError::NotFound)
        }
    };
}
pub(super) use derived_reads;
