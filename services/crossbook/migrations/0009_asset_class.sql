-- What kind of thing each market is about; the numbers are those of AssetClass in market.proto. Rows of before say coin, as all
-- markets were taken for coins; a tracker's next start sets them right.
ALTER TABLE markets ADD COLUMN asset_class smallint NOT NULL DEFAULT 1;
