//! Reads every table and follows every reference. After a broken disk, a power cut or a copy that was cut short the sums can still
//! agree while a page of products is missing.

use domain::view::AuditCheck;

use platform::db::{Db, DbError};

/// At most so many failures of a check are named; the rest is counted.
const MAX_NAMED: usize = 50;

/// Reads all of the database, and follows each reference from one table to another. `thoroughly` looks at every entry of every index
/// too, which takes several times as long. On Postgres that needs the extension `amcheck`; without it only the tables are read.
/// Errors of the database are failures of the check too: a damaged database gives them.
pub async fn integrity(db: &Db, thoroughly: bool) -> Vec<AuditCheck> {
    if db.is_postgres() {
        return vec![
            answer("every table can be read", postgres_tables(db, thoroughly).await),
            answer("every reference leads to its row", postgres_references(db).await),
        ];
    }
    vec![
        answer("every page of the file is sound", sqlite_pages(db, thoroughly).await),
        answer("every reference leads to its row", sqlite_references(db).await),
    ]
}

/// How many rows or pages were checked, and what is wrong.
type Found = (i64, Vec<String>);

fn answer(name: &str, found: Result<Found, DbError>) -> AuditCheck {
    let (count, mut failures) = found.unwrap_or_else(|error| (0, vec![describe(&error)]));
    let more = failures.len().saturating_sub(MAX_NAMED);
    failures.truncate(MAX_NAMED);
    if more > 0 {
        failures.push(format!("and {more} more"));
    }
    AuditCheck { name: name.to_owned(), count, failures }
}

/// Prefix of a failure of the check itself, when the database was busy or unreachable; the data may be right.
pub const NOT_CHECKED: &str = "could not be looked at now";

fn describe(error: &DbError) -> String {
    if error.is_transient() { format!("{NOT_CHECKED}: {error}") } else { error.to_string() }
}

async fn sqlite_pages(db: &Db, thoroughly: bool) -> Result<Found, DbError> {
    let sql = if thoroughly { "select integrity_check from pragma_integrity_check" } else { "select quick_check from pragma_quick_check" };
    let pages: i64 = db.fetch_scalar("select page_count from pragma_page_count()", &[]).await?;
    let messages: Vec<String> = db.fetch_scalars(sql, &[]).await?;
    let lines = messages.iter().flat_map(|message| message.lines()).filter(|line| *line != "ok");
    Ok((pages, lines.map(str::to_owned).collect()))
}

/// Rows of a table whose reference to another leads nowhere.
fn broken(rows: i64, table: &str, parent: &str) -> String {
    format!("{rows} rows of {table} lead to no row of {parent}")
}

async fn sqlite_references(db: &Db) -> Result<Found, DbError> {
    #[derive(platform::db::FromRow)]
    struct Broken {
        child: String,
        parent: String,
        rows: i64,
    }
    let count: i64 =
        db.fetch_scalar("select count(*) from sqlite_master m join pragma_foreign_key_list(m.name) f where m.type = 'table'", &[]).await?;
    let found: Vec<Broken> = db
        .fetch_all(
            "select \"table\" as child, parent, count(*) as rows from pragma_foreign_key_check
             group by \"table\", parent order by \"table\", parent",
            &[],
        )
        .await?;
    Ok((count, found.into_iter().map(|row| broken(row.rows, &row.child, &row.parent)).collect()))
}

/// Runs the statement in `$1` on Postgres and gives its column `n`. A table cannot be named by a parameter in any other way.
const COUNT: &str = "select cast((xpath('/row/n/text()', query_to_xml($1, false, true, '')))[1] as text)";

async fn count(db: &Db, statement: &str) -> Result<i64, DbError> {
    let count: Option<String> = db.fetch_scalar(COUNT, &[&statement]).await?;
    Ok(count.and_then(|n| n.parse().ok()).unwrap_or(0))
}

/// A statement that reads all of a table or an index.
#[derive(platform::db::FromRow)]
struct Reading {
    name: String,
    sql: String,
}

async fn postgres_tables(db: &Db, thoroughly: bool) -> Result<Found, DbError> {
    let amcheck: i64 = db.fetch_scalar("select count(*) from pg_extension where extname = 'amcheck'", &[]).await?;
    // The cast to text reads values that are stored outside of their rows too.
    let tables: Vec<Reading> = db
        .fetch_all(
            "select cast(c.relname as text) as name, format('select count(cast(t.* as text)) as n from %I.%I t', n.nspname, c.relname) as sql
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind = 'r' and n.nspname = current_schema() order by c.relname",
            &[],
        )
        .await?;
    let indexes: Vec<Reading> = if amcheck > 0 {
        db.fetch_all(
            "select cast(c.relname as text) as name, case when c.relkind = 'i'
                    then format('select count(bt_index_check(cast(%s as regclass), %L)) as n', c.oid, $1 = 1)
                    else format('select count(*) as n from verify_heapam(cast(%s as regclass))', c.oid) end as sql
             from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_am a on a.oid = c.relam
             where n.nspname = current_schema() and (c.relkind = 'r' or (c.relkind = 'i' and a.amname = 'btree')) order by c.relname",
            &[&i64::from(thoroughly)],
        )
        .await?
    } else {
        Vec::new()
    };
    let (checked, mut failures) = (i64::try_from(tables.len() + indexes.len()).unwrap_or(i64::MAX), Vec::new());
    for Reading { name, sql } in tables.into_iter().chain(indexes) {
        match count(db, &sql).await {
            // `verify_heapam` counts complaints, `bt_index_check` counts one for the index itself.
            Ok(complaints) if sql.contains("verify_heapam") && complaints > 0 => {
                failures.push(format!("{name}: amcheck complains of {complaints} rows"));
            }
            Ok(_) => {}
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    Ok((checked, failures))
}

async fn postgres_references(db: &Db) -> Result<Found, DbError> {
    #[derive(platform::db::FromRow)]
    struct Reference {
        child: String,
        parent: String,
        /// Counts the rows that lead nowhere.
        sql: String,
    }
    let references: Vec<Reference> = db
        .fetch_all(
            "select cast(child.relname as text) as child, cast(parent.relname as text) as parent,
                format('select count(*) as n from %I.%I c where %s and not exists (select 1 from %I.%I p where %s)',
                    n.nspname, child.relname, string_agg(format('c.%I is not null', a.attname), ' and ' order by k.place),
                    m.nspname, parent.relname, string_agg(format('p.%I = c.%I', b.attname, a.attname), ' and ' order by k.place)) as sql
             from pg_constraint r
             join pg_class child on child.oid = r.conrelid join pg_namespace n on n.oid = child.relnamespace
             join pg_class parent on parent.oid = r.confrelid join pg_namespace m on m.oid = parent.relnamespace
             cross join unnest(r.conkey, r.confkey) with ordinality as k(own, other, place)
             join pg_attribute a on a.attrelid = child.oid and a.attnum = k.own
             join pg_attribute b on b.attrelid = parent.oid and b.attnum = k.other
             where r.contype = 'f' and n.nspname = current_schema()
             group by r.oid, n.nspname, child.relname, m.nspname, parent.relname order by 1, 2",
            &[],
        )
        .await?;
    let checked = i64::try_from(references.len()).unwrap_or(i64::MAX);
    let mut failures = Vec::new();
    for Reference { child, parent, sql } in references {
        match count(db, &sql).await {
            Ok(0) => {}
            Ok(rows) => failures.push(broken(rows, &child, &parent)),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => failures.push(format!("{child}: {error}")),
        }
    }
    Ok((checked, failures))
}
