"""The user's conftest of the stored folder: a provider that must never be called."""

from pytest_hiddenlayer import ProviderCapabilities, ProviderError, provider
from pytest_hiddenlayer.scorers.match.numeric import Numeric

# The stored scores are those of numeric/1. A newer version is another scorer, whose scores are never compared
# with them; these tests are about the files.
Numeric.version = "1"


@provider("adder")
class Adder:
    """Every answer is on disk already, so a call is an error."""

    default_model = "adder-1"

    def __init__(self, model=None):
        self.model = model or self.default_model
        # With a price list it is a vendor, whose names of models stand for one set of weights, so it is cached.
        self.capabilities = ProviderCapabilities(
            endpoint="http://adder.invalid", deterministic=True, price_list="openai"
        )

    async def complete(self, request):
        raise ProviderError("the adder was called")

    async def close(self):
        pass
