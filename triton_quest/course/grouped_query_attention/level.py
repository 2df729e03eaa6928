from triton_quest.course.level import Level

LEVEL = Level(
    slug="grouped-query-attention",
    title="Grouped-query attention",
    asks="query heads that share keys and values",
    teaches="heads that share keys, a late diagonal",
    description="Query heads that share a head of keys and values, and queries that are the last words of a longer text.",
    file="level10_grouped_query_attention.py",
    launcher="grouped_query_attention",
    inputs=("B H S D",) * 3,
    feats=("no-spill", "least-traffic"),
)
