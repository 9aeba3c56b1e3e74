"""What a feed may ask of its driver, as one type; the stubs of the core name it, the module itself does not."""

from typing import TypeAlias

from crossbook._core import Close, Fetch, Open, Reconnect, Report, Send

Step: TypeAlias = Open | Close | Reconnect | Send | Fetch | Report
