from triton_quest.course.level import Level

LEVEL = Level(
    slug="grouped-query-attention",
    title="Grouped-query attention",
    asks="query heads that share keys and values",
    teaches="heads that share keys, a late diagonal",
    description="Query heads that share a head of keys and values, and queries that are the last words of a longer text.",
    file="level10_grouped_query_attention.py",
    launcher="grouped_query_attention",
    counts_tiles=True,
    inputs=("B G S D", "B H S D", "B H S D"),
    feats=("no-spill", "least-traffic"),
    races=("flash", "cudnn", "efficient", "math", "flex"),
    medals=(0.4, 0.6, 0.8),
)
