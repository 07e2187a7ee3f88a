//! Charts: SVG made on the server, with the same figures as text.

use std::fmt::Write;

use leptos::prelude::*;

use crate::tr;

/// One bar of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// For example a day.
    pub label: String,
    /// Negative values count as zero.
    pub value: i64,
    /// The value as text.
    pub shown: String,
    /// The list that the value is made of, which its row in the table leads to.
    pub href: Option<String>,
}

/// A small line chart beside a figure.
#[component]
pub fn Sparkline(
    /// Names the chart for screen readers.
    #[prop(into)]
    title: String,
    /// First to last, evenly spaced.
    values: Vec<i64>,
    /// The first value as text.
    #[prop(into)]
    first: String,
    /// The last value as text.
    #[prop(into)]
    last: String,
) -> impl IntoView {
    let says = tr!(UI_SPARKLINE_OF, title = title, first = first, last = last);
    let (line, area) = sparkline_paths(&values);
    view! {
        <svg role="img" aria-label=says class="block w-full h-10" viewBox="0 0 120 40" preserveAspectRatio="none">
            <path class="fill-primary/12" d=area/>
            <path class="stroke-primary" fill="none" stroke-width="2" vector-effect="non-scaling-stroke" stroke-linejoin="round" d=line/>
        </svg>
    }
}

/// The line through the values in a box of 120 by 40, and the area under it.
fn sparkline_paths(values: &[i64]) -> (String, String) {
    let low = values.iter().copied().min().unwrap_or(0);
    let high = values.iter().copied().max().unwrap_or(0);
    let spread = i128::from(high) - i128::from(low);
    let steps = values.len().saturating_sub(1).max(1);
    let mut line = String::new();
    for (index, value) in values.iter().enumerate() {
        // In tenths of a unit: whole numbers suffice.
        let x = index * 1200 / steps;
        let y = if spread == 0 { 200 } else { 370 - (i128::from(*value) - i128::from(low)) * 340 / spread };
        let command = if index == 0 { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(line, "{command}{}.{} {}.{}", x / 10, x % 10, y / 10, y % 10);
    }
    let area = if line.is_empty() { String::new() } else { format!("{line}L120 40L0 40Z") };
    (line, area)
}

/// A bar chart, with the same figures in a table that unfolds.
#[component]
pub fn BarChart(
    #[prop(into)] title: String,
    /// The text alternative, a sentence.
    #[prop(into)]
    summary: String,
    bars: Vec<Bar>,
) -> impl IntoView {
    const WIDTH: i64 = 640;
    const HEIGHT: i64 = 110;
    let highest = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let top = bars.iter().max_by_key(|bar| bar.value).filter(|bar| bar.value > 0).map(|bar| bar.shown.clone());
    let slot = WIDTH / i64::try_from(bars.len().max(1)).unwrap_or(1);
    let drawn = bars
        .iter()
        .zip(0_i64..)
        .map(|(bar, index)| {
            let share = i128::from(bar.value.max(0)) * i128::from(HEIGHT - 8) / i128::from(highest);
            let height = i64::try_from(share).unwrap_or(HEIGHT).max(2);
            let width = (slot * 7 / 10).max(2);
            let x = index * slot + (slot - width) / 2;
            view! {
                <g class="group">
                    <title>{format!("{}: {}", bar.label, bar.shown)}</title>
                    <rect class="fill-transparent" x=index * slot y=0 width=slot height=HEIGHT/>
                    <rect class="fill-primary group-hover:fill-accent" x=x y=HEIGHT - height width=width height=height rx=3/>
                </g>
            }
        })
        .collect_view();
    let ends = bars.first().zip(bars.last()).map(|(first, last)| (first.label.clone(), last.label.clone()));
    view! {
        <figure>
            // The axis: what the upper line stands for.
            {top.map(|top| view! { <p class="text-xs text-quiet figures mb-1" aria-hidden="true">{top}</p> })}
            <svg role="img" aria-label=tr!(UI_BAR_CHART_OF, title = title, summary = summary) class="block w-full h-auto" viewBox=format!("0 0 {WIDTH} {HEIGHT}")>
                <path class="stroke-hairline" d=format!("M0 8.5H{WIDTH}M0 {}.5H{WIDTH}", HEIGHT / 2)/>
                {drawn}
                <path class="stroke-field" d=format!("M0 {}.5H{WIDTH}", HEIGHT - 1)/>
            </svg>
            {ends.map(|(first, last)| view! { <div class="flex justify-between text-xs text-quiet figures mt-1" aria-hidden="true"><span>{first}</span><span>{last}</span></div> })}
            <details class="mt-2 text-sm">
                <summary class="inline-flex items-center min-h-9 text-quiet underline underline-offset-4">{tr!(UI_CHART_DATA)}</summary>
                <table class="mt-2 w-full">
                    <caption class="sr-only">{title.clone()}</caption>
                    <tbody class="divide-y divide-hairline">
                        {bars
                            .into_iter()
                            .map(|Bar { label, shown, href, .. }| {
                                let name = match href {
                                    Some(href) => view! { <a class="link" href=href>{label}</a> }.into_any(),
                                    None => label.into_any(),
                                };
                                view! { <tr><th scope="row" class="py-1.5 text-start font-normal">{name}</th><td class="figures text-end">{shown}</td></tr> }
                            })
                            .collect_view()}
                    </tbody>
                </table>
            </details>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use super::sparkline_paths;

    #[test]
    fn a_line_spans_the_box() {
        let (line, area) = sparkline_paths(&[0, 10]);
        assert_eq!(line, "M0.0 37.0L120.0 3.0");
        assert_eq!(area, "M0.0 37.0L120.0 3.0L120 40L0 40Z");
    }

    #[test]
    fn a_chart_of_no_equal_or_extreme_values_is_drawn() {
        assert_eq!(sparkline_paths(&[]), (String::new(), String::new()));
        assert_eq!(sparkline_paths(&[5]).0, "M0.0 20.0");
        assert_eq!(sparkline_paths(&[5, 5]).0, "M0.0 20.0L120.0 20.0");
        assert_eq!(sparkline_paths(&[i64::MIN, i64::MAX]).0, "M0.0 37.0L120.0 3.0");
    }
}
