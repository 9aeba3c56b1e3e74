"""`crossbook export`: what Postgres keeps, as a file that pandas, polars and DuckDB open."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossbook.cli.opportunities import FORMATS, moment
from crossbook.cli.watch import Target

if TYPE_CHECKING:
    import grpc

Dataset = Annotated[str, typer.Argument(help="windows, minutes, quotes, opportunities or alerts.")]
From = Annotated[datetime, typer.Option("--from", formats=FORMATS, help="From this moment on, UTC.")]
To = Annotated[datetime, typer.Option("--to", formats=FORMATS, help="Up to this moment, UTC; it is not included.")]
Format = Annotated[str, typer.Option("--format", help="parquet, csv or arrow; all but csv need crossbook[export].")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The file; default: DATASET.FORMAT here.")]


def export(
    dataset: Dataset, begin: From, end: To, format: Format = "parquet", output: Output = None, target: Target = None
) -> None:
    """Write rows of a time into a file, oldest first, in little memory however many they are."""
    from crossbook.cli.calls import call, default_target, each
    from crossbook.cli.row_files import FORMATS as FILES
    from crossbook.cli.row_files import row_file
    from crossbook.pb.v1 import export_pb2, export_pb2_grpc
    from crossbook.plumbing.data.datasets import DATASETS

    if dataset not in DATASETS:
        raise typer.BadParameter(f"{dataset!r} is none of {', '.join(DATASETS)}", param_hint="DATASET")
    if format not in FILES:
        raise typer.BadParameter(f"{format!r} is none of {', '.join(FILES)}", param_hint="--format")
    request = export_pb2.ExportRequest(dataset=dataset, from_time=moment(begin), to_time=moment(end))
    path = output or Path(f"{dataset}.{format}")

    async def fetch(channel: "grpc.aio.Channel") -> None:
        messages = each(export_pb2_grpc.ExportServiceStub(channel).Export(request))
        columns = [(column.name, column.type) for column in (await anext(messages)).columns]
        with row_file(path, format, columns) as rows:
            async for message in messages:
                rows.write(message.rows)
        print(f"{path}: {rows.count} rows")

    call(default_target(DATASETS[dataset].service, target), fetch)
