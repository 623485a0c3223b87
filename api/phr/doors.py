"""What every door of a long list is asked with."""

from typing import Annotated

from litestar.params import QueryParameter

from api.phr.entries.paging import MOST

After = Annotated[
    str, QueryParameter(max_length=100, description="`next` of the page before; first page without")
]
Count = Annotated[int, QueryParameter(ge=1, le=MOST, description="How many on a page")]
