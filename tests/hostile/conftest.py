"""The served app and a client, as the tests of the page have them; a server with faults, as those of the engines."""

from tests.engines.conftest import server as server
from tests.ui.conftest import app as app
from tests.ui.conftest import client as client
